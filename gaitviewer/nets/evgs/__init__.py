"""Networks of the video grader: VideoMAE with prompting and pruning."""
