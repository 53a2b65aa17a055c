"""Validation: SHACL shapes, and the few rules that are no shapes; problems with file and line.

`run.check_curated(curated)` takes the files of a project as they were read (`source/read.py`) and
returns a sorted list of `Problem`s. `dump.check_dump(path, settings)` does the same for a dump in
any RDF format, and `paths.check_paths` chooses between the two. A broken rule is returned, never
raised; `TwingraphError` is raised only where nothing can be checked, as for a path that is not
there.

>>> from pathlib import Path
>>> from twingraph.check.dump import check_dump
>>> from twingraph.settings import Settings
>>> check_dump(Path("missing.nq"), Settings(Path()))
Traceback (most recent call last):
    ...
twingraph.problems.TwingraphError: missing.nq: No such file or directory; name a dump that can be read
"""  # noqa: E501  # a message is one line
