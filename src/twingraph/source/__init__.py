"""Curated files: strict reading, and formatting in one canonical form."""
