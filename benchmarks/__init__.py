"""Measurements against the rivals: `make bench`, or `python -m benchmarks NAME`."""
