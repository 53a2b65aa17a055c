"""Lists as sources: a table, what its columns mean, and which place each of its names is."""
