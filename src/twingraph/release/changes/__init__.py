"""Two states of the data -> what changed, in the words of the field."""
