"""Work in the background: jobs, analysis, saving, library."""
