"""System 1: severity from skeleton clips and clinical features."""
