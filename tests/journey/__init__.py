"""The whole product from outside, on real parts."""
