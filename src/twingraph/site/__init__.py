"""The frozen graph -> pages: pure functions that know nothing of HTTP."""
