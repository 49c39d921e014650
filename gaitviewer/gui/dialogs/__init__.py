"""Dialogs of the window; each gets what it needs and knows no panel."""
