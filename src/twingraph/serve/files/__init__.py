"""Files over HTTP: of the build and of releases."""
