"""Benchmarks of depth, speed, memory and gradients against 3DQLayers, run with ``make bench``."""
