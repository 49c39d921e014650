"""The window: a skin over the document, the measures and the workflow."""
