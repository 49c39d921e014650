"""Who is where in the picture: keypoints and masks of the walking subject."""
