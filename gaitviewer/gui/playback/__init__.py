"""Moving pictures: the clock, each view's time base, decoding and its cache."""
