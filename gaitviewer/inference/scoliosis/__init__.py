"""System 3: screening for a scoliosis-like asymmetry of gait."""
