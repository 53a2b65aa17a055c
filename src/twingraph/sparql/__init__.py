"""SPARQL queries: lexer, guard, explained mistakes, the query library, local and remote engines.

`library.load_library(folder)` reads the `.rq` files of a folder with their `#+` headers;
`query.run(store, text, bindings)` evaluates a query with parameters bound as RDF terms, in a
pyoxigraph store or a `remote.RemoteStore` (SPARQL 1.1 Protocol). `guard.refuse_remote` raises
`RefusedQueryError` for SERVICE and for unknown graphs.

>>> from twingraph.sparql.lexer import tokens
>>> [token.text for token in tokens("ASK { ?s a ?c }")]
['ASK', '{', '?s', 'a', '?c', '}']
"""
