"""The frozen graph -> files that others take: dumps and the build that holds them."""
