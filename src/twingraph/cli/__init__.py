"""Words on the command line -> one call each; problems -> exit status 0, 1 or 2.

A module a group of commands; importing them puts the commands into the group.
"""

from twingraph.cli import curation, lists, publishing, questions, serving
from twingraph.cli.group import cli, main

__all__ = ["cli", "curation", "lists", "main", "publishing", "questions", "serving"]
