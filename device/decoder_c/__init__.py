"""The decoder in C, as a microcontroller and the fused line run it; each brings its own tables."""
