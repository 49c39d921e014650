"""Frozen data around read-only numpy arrays; knows nobody else in the program."""
