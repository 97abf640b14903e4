"""One file for each API of Wix: its endpoints, and the requests they read."""
