"""What portals are told: a catalogue of the data sets and their files (DCAT-AP)."""
