"""The knowledge map of the asymmetry screening: a heatmap on the video's clock, and its top features."""
