"""Links to other databases: matching of names, and the identifiers in the formats of the field."""
