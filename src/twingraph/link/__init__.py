"""Links to other databases: matching of names, reconciliation, SSSOM, Wikidata in and out.

`gazetteer.Gazetteer` and `matcher.find` match a name to places, each with a score from 0 to 1 and
reasons. `reconcile` implements the Reconciliation API 0.2 and 1.0-draft as pure functions;
`sssom`, `maps` and `void` write confirmed links; `wikidata` compares partnerships with P190 and
writes QuickStatements and Mismatch Finder files; `wikidata_in` reads P190 statements.

>>> from twingraph.link.spelling import spell
>>> spell("Frankfurt (Oder)").core
'frankfurt'
"""
