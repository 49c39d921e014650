"""Networks of the scoliosis system: map, video and text with latent attention."""
