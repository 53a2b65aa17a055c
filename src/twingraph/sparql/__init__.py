"""The text of queries, and who evaluates them."""
