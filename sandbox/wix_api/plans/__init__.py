"""What Pricing Plans does with an order, from its price to its end. No I/O in here."""
