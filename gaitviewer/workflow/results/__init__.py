"""What an analysis leaves behind: result files, all or none, with or without names."""
