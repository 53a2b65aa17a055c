"""City partnerships as linked data: curated files in; a checked, frozen, served graph out."""

__version__ = "0.1.0"
