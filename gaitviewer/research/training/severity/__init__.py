"""System 1: learned from skeleton clips and clinical features."""
