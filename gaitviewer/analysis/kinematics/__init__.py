"""Angles in the picture and their course over the gait cycle."""
