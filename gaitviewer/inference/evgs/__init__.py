"""System 2: the Edinburgh score from video."""
