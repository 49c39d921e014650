"""From raw keypoints to ones that can be measured: cleaning, and the body's way through the picture."""
