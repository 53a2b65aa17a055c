"""City partnerships as linked data: curated files in; a checked, frozen, served graph out.

>>> import twingraph
>>> rows = twingraph.query("partners-of", place="berlin")
>>> "Paris" in [row["partnerName"] for row in rows]
True

`load` gives the graph as an rdflib Dataset, `query` asks it, `questions` are what can be asked by
name. Importing twingraph loads none of the libraries it needs for that.
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
