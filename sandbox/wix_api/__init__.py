"""The Wix REST endpoints that Orderline calls, as strict as Wix."""
