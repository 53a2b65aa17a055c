"""The text of queries, and who evaluates them: local store, remote endpoint, library."""
