"""Curated files in: read them strictly, format them one way."""
