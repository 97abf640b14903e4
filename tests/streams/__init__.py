"""What the flows promise."""
