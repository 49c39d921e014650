"""The program itself: settings, logs, data files that are shown, the demo session."""
