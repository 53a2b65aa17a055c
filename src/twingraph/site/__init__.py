"""The pages of the site, pictures and calendars, as pure functions over the published graph.

`reader.load_site(build)` opens a build for reading; `pages.page(site, language, path)` returns the
bytes of an HTML page. The server and the static site call the same functions and send the same
bytes. Nothing in here knows HTTP.
"""
