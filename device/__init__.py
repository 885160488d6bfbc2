"""The line: sound in, viseme weights and poses out, one 10 ms hop at a time."""
