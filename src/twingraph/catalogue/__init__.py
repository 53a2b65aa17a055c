"""What portals, search engines and citations are told about the data."""
