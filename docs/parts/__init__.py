"""What stands in the generated parts of the documentation, one module a subject."""
