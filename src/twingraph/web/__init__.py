"""HTTP routes of pages, descriptions and files: content negotiation, caching, errors (RFC 9110).

Each module has the routes of one kind of resource as a tuple of Starlette `Route`s. An error
response always says what is wrong and what to request instead.
"""
