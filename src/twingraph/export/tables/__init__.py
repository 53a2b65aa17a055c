"""The published tables: CSV, CSVW, Frictionless, GeoJSON."""
