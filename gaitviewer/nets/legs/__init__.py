"""The network that puts the legs of a walking pass right."""
