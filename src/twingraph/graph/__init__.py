"""The frozen graph: written, loaded, queried."""
