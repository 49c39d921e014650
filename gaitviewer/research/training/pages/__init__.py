"""Result pages: what was measured on what, never mixed."""
