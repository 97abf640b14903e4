"""The ledger: tables, views and questions over what happened."""
