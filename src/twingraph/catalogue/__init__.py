"""Metadata of the data for portals, search engines and citations."""
