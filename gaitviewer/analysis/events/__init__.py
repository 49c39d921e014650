"""Initial contacts and toe-offs: published detectors, one consensus."""
