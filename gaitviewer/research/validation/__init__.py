"""The measuring core against motion capture."""
