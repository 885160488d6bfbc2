"""Putting the firmware on a board: images, their checks, and the tools that write them."""
