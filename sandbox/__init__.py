"""The outside world on one machine: Wix, a broker, a warehouse, and the demo."""
