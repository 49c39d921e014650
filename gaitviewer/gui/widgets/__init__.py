"""Furniture that no room owns: theme, icons, keys, small controls."""
