"""The kinematic knowledge map: 238 named features over the frames of a clip."""
