"""Releases: what changed, what is kept, how it is announced."""
