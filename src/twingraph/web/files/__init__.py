"""Files over HTTP: ranges, conditional requests, content codings (RFC 9110 §8.4, §13, §14)."""
