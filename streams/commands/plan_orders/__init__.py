"""`python -m streams plan-orders …`: Wix's plan-order functions from a shell."""
