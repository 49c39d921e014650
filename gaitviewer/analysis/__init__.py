"""Pure numpy and scipy: from keypoints to gait events, angles, scores."""
