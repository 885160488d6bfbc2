"""Lip-sync for small computers: speech in, viseme weights and servo pulses out."""

__version__ = "0.1.0"
