"""Calendars of anniversaries (RFC 5545)."""
