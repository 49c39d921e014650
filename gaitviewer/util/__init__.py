"""What any program could use: knows nothing of gait, and nobody else here."""
