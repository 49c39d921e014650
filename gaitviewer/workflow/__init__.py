"""Use cases without Qt: analyze, validate, export."""
