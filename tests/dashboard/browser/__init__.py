"""What is really drawn: every page in a real browser."""
