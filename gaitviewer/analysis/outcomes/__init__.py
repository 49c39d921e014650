"""What curves and strides come to: norms, indices, patterns, parameters, quality, clinical features."""
