"""The Edinburgh Visual Gait Score: the sheet as data, its rules, its bands, the score."""
