"""Files taken over from the previous build, because nothing that their writers read has changed.

What a writer reads of the graph is recorded as patterns of lines (`rdf.read_patterns`) in
`kept/reads.json`. A file can be taken over if no line that matches a pattern of its writer was
removed or added. All other inputs are the same, or the previous build would not be used
(`kept.read_before`); those that only the files of `links/` read have a digest of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Final

from twingraph.atomic import DraftFolder
from twingraph.build_cache import KEPT, Before
from twingraph.link.facts import LinkFacts
from twingraph.link.files import FOLDER, decision_files
from twingraph.rdf.change import DEFAULT, Change
from twingraph.rdf.read_patterns import touched
from twingraph.settings import Settings
from twingraph.source.mappings import Decision

READS: Final = f"{KEPT}/reads.json"
_FILES: Final = "= "  # prefix of the digest of what the files of links/ read besides the graph

Pieces = Callable[[], Iterable[bytes | memoryview]]


@dataclass
class Readers:
    """The patterns that are read for each file, by its name in the build.

    `right` says of files whose inputs are compared elsewhere whether they can be taken over.

    >>> from pathlib import Path
    >>> from twingraph.rdf.vocabulary import RDFS
    >>> facts = LinkFacts([])
    >>> readers = Readers(facts, Settings(Path()))
    >>> list(readers.noted("b.txt", lambda: map(str.encode, facts.texts("http://e/a", RDFS.label))))
    []
    >>> readers.reads
    {'b.txt': ['<http://e/ <http://www.w3.org/2000/01/rdf-schema#label> *']}
    """

    facts: LinkFacts
    settings: Settings
    before: Before | None = None
    change: Change | None = None
    decisions: Mapping[str, Sequence[Decision]] = field(default_factory=dict)
    reads: dict[str, Sequence[str]] = field(default_factory=dict)
    right: dict[str, bool] = field(default_factory=dict)

    def take(self, name: str, draft: DraftFolder) -> bool:
        """Take a file over into the draft if it is undamaged and unaffected; say whether it was."""
        known = self._known.get(name)
        if known is None or self.before is None:
            return False
        right = self.right[name] if name in self.right else self._is_same(known)
        path = self.before.path(name) if right else None
        if path is None:
            return False
        draft.take(name, path, self.before.written[name])
        self.reads[name] = known
        return True

    def _is_same(self, reads: Sequence[str]) -> bool:
        files = {pattern for pattern in reads if pattern.startswith(_FILES)}
        return self._touched.isdisjoint(reads) and files <= {self._files}

    def noted(self, name: str, job: Pieces) -> Iterator[bytes | memoryview]:
        """Yield the pieces of a file, and record what was read for it after the last one."""
        with self.facts.noting() as reads:
            yield from job()
        reads.update(self._known.get(name, ()))  # read for its unchanged part
        if name.startswith(FOLDER):
            reads = {pattern for pattern in reads if not pattern.startswith(_FILES)} | {self._files}
        self.reads[name] = sorted(reads)

    def content(self) -> bytes:
        """Return the content of `kept/reads.json`."""
        return (json.dumps(self.reads, sort_keys=True, separators=(",", ":")) + "\n").encode()

    @cached_property
    def _known(self) -> Mapping[str, Sequence[str]]:
        path = self.before.path(READS) if self.before and self.change is not None else None
        known_values: Mapping[str, Sequence[str]] = (
            {} if path is None else json.loads(path.read_bytes())
        )
        return known_values

    @cached_property
    def _files(self) -> str:
        """The digest of the decisions and of their files and reviews, as a pattern."""
        whole = sha256(repr(sorted(self.decisions.items())).encode(errors="surrogateescape"))
        for path in decision_files(self.settings):
            raw, name = path.read_bytes(), path.relative_to(self.settings.folder)
            whole.update(f"\0{name}\0{len(raw)}\0".encode(errors="surrogateescape"))
            whole.update(raw)
        return _FILES + whole.hexdigest()

    @cached_property
    def _touched(self) -> frozenset[str]:
        assert self.change is not None, "nothing is known then"
        sides = (self.change.removed, self.change.added)
        return frozenset(touched(line for side in sides for line in side.get(DEFAULT, ())))
