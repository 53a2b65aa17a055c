"""City partnerships as linked data: reads curated files, publishes a checked RDF graph.

>>> import twingraph
>>> rows = twingraph.query("partners-of", place="berlin")
>>> "Paris" in [row["partnerName"] for row in rows]
True

`load` returns the graph as an rdflib Dataset, `query` runs a library query or a SPARQL text and
returns `Rows`, `questions` lists the library queries by name. Expected errors are
`TwingraphError`s. `import twingraph` alone imports neither rdflib nor pyoxigraph.
"""

from twingraph.api import Row, Rows, Text, Value, load, query, questions
from twingraph.problems import TwingraphError
from twingraph.version import __version__

__all__ = [
    "Row",
    "Rows",
    "Text",
    "TwingraphError",
    "Value",
    "__version__",
    "load",
    "query",
    "questions",
]
