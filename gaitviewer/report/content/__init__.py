"""What the report says, without a drawing."""
