"""States that stay: written once, under their day, never changed."""
