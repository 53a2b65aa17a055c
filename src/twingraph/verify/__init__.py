"""Checks of a deployed site over HTTP: findings that say what is wrong and what to change.

`run.verify(url, limits, pages)` requests pages, forms of data, the query endpoint and files, within
a number of requests and seconds, and returns the findings; it sends only GET and HEAD requests.
"""
