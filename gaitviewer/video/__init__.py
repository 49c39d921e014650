"""Videos through PyAV, and only here: index, exact reader, writer."""
