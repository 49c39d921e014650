"""The start page: all sessions."""
