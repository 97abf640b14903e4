"""What the outside world on one machine promises."""
