"""The graph as tables and maps: CSV with its metadata, GeoJSON."""
