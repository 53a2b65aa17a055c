"""For those who link: what we know of identifiers elsewhere, in the forms they use."""
