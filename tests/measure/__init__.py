"""Measurements that need the virtual microphone and the simulated board; see ``benchmarks/results``."""
