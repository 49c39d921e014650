"""System 2: learned from video."""
