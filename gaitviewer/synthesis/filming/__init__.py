"""The walker before cameras: pixels, keypoints, the estimator's errors."""
