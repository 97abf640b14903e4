"""Seeded order stories: what happens at Wix, step by step, and what must come of it."""
