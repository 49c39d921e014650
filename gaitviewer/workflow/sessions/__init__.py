"""A session in the library: made, listed, opened, signed, erased."""
