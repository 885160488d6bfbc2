"""The viseme classes, their tables, the network family and the released models."""
