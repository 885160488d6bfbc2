"""What is compiled around exported C: start, files, counting, the link script, and the M0+ runner."""
