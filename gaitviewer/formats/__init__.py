"""One module per exchange format behind a flat facade."""
