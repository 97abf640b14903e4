"""Tests, by room: the manual of the product."""
