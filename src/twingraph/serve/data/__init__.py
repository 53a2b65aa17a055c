"""What is there to take away, for people and for portals."""
