"""Tests that need no original: one module each, a function from a `Subject` to an `Outcome`."""
