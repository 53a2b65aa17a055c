"""What sources say -> what we publish: resolution, bounds, rules."""
