"""Networks of the severity system: ST-GCN and the fusion with clinical features."""
