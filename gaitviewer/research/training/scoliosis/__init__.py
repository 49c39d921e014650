"""System 3: learned from knowledge map, video and generated text."""
