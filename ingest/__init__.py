"""The door: verifies what Wix sends and writes it to the log. Owns the log's schema."""
