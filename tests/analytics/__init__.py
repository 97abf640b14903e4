"""What the ledger and its reports promise."""
