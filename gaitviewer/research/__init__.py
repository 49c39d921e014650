"""What no clinician runs: validation, synthetic cohorts, training. Needs ``gaitviewer[research]``."""
