"""Joint angles over the gait cycle."""
