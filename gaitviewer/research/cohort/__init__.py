"""Synthetic cohorts: made from a seed, stored as one file a subject."""
