"""The window: pages for people, drawn from the ledger's reports."""
