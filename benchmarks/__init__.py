"""Measurements of the line; results live in ``results/``."""
