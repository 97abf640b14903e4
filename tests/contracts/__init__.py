"""Fakes and real parts held to one test each."""
