"""Pictures that a person picked for the report."""
