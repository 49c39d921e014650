"""One module for each learned system: its examples, its variants, how one run goes."""
