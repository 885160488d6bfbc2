"""Phone times that people and programs write beside recordings: one reader per file format.

``registry.read`` reads a file of any known format, ``spelling`` turns its labels into phones of our tables,
``timeline`` makes the times contiguous.
"""
