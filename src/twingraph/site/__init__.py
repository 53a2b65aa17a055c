"""What visitors see, as pure functions over the frozen graph: pages, pictures, calendars."""
