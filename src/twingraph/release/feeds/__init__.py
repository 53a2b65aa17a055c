"""What changed from release to release, as feeds: LDES, DCAT-AP Feeds, Atom, JSON Feed, Memento."""
