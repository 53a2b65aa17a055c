"""`python -m twingraph.cli`: the command without its script."""

from twingraph.cli import main

main()
