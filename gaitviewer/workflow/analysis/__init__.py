"""The main job: from videos to measures, and what of it was done before."""
