"""What the door promises."""
