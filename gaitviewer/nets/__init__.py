"""The learned systems as PyTorch modules over plain arrays; they know nothing of files, sessions or Qt."""
