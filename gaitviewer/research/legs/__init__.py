"""Putting the legs of a pass right: walkers seen by the estimator, and the network that learns from them."""
