"""What changed between two states, in the words of the field."""
