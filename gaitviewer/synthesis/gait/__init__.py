"""How the walker moves, and the truth about it."""
