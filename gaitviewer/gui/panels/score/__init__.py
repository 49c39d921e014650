"""The visual gait score: table, detail, a person's grades."""
