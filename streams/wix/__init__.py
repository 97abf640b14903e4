"""Wix's REST API, one module for each of its services."""
