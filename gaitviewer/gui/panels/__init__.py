"""Panels of the review desk: each listens to the state and the player, and knows no other panel."""
