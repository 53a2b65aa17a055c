"""The version of the software, as pages, catalogues and the User-Agent name it."""

__version__ = "0.1.0"
