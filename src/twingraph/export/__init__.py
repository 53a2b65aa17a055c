"""The frozen graph -> files that others take."""
