"""The flows: reads the log, decides, acts at Wix, reports facts to the ledger. Owns the outbox."""
