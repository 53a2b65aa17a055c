"""City partnerships as linked data: curated files in; a checked, frozen, served graph out.

>>> import twingraph
>>> rows = twingraph.query("partners-of", place="berlin")
>>> "Paris" in [row["partnerName"] for row in rows]
True

`load` returns the graph as an rdflib Dataset, `query` runs a query, `questions` lists the queries
by name. Importing twingraph loads none of the libraries it needs for that.
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
