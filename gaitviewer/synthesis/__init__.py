"""A 3D walker with known truth, its cameras and its pixels."""
