"""Queries of strangers: read, evaluated where they can be stopped, answered."""
