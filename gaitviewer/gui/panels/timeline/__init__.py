"""The timeline below the videos and its transport bar."""
