"""Rules for hosts of the site as files: media types, headers, and IRIs that lead to a form.

`twingraph build --site` writes files; the response to an entity's IRI, and a file's media type, are
the business of their host. These rules are made from the tables of our own server. They take the
first form of RDF that `Accept` names, unless it begins with HTML, as every browser's does; weights
are not reckoned, which none of these hosts can.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from twingraph.export.editions import MEDIA_TYPES
from twingraph.problems import TwingraphError
from twingraph.site.attachments import FRAME_POLICY
from twingraph.site.describe import FORMATS
from twingraph.translation import LANGUAGES

_OTHER_TYPES: Final = {
    ".atom": "application/atom+xml",
    ".css": "text/css",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".ics": "text/calendar",
    ".js": "text/javascript",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
    ".zst": "application/zstd",
}
TYPES: Final[Mapping[str, str]] = dict(sorted({**MEDIA_TYPES, **_OTHER_TYPES}.items()))
_THING: Final = "[a-z]+/[A-Za-z0-9][A-Za-z0-9._-]*"
_CODE: Final = "vocab/[a-z][a-z0-9-]*(?:/[a-z0-9][a-z0-9-]*)?"
# for mod_rewrite: `$1` is the path of the page without language and suffix
_IRI: Final = f"^(?:id/(?=[a-z]+/)|(?=vocab/|ns$|shapes$))({_THING}|{_CODE}|ns|shapes)$"
_POLICY: Final = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
_ANSWER: Final = "application/sparql-results+json"  # of a result in .json
_VARY: Final = "Accept, Accept-Language"
_HTML_FIRST: Final = "^[[:space:]]*(text/html|application/xhtml)"


@dataclass(frozen=True)
class Host:
    """Where the site is: the name of the host, the folder it sends, the path below (`/` or `/x/`).

    The files are in that folder below that path: prefix `/x/` of `/srv/www` is `/srv/www/x/`.
    """

    name: str = "data.example.org"
    root: str = "/srv/twingraph/site"
    prefix: str = "/"


def rules(server: str, host: Host) -> str:
    """Return the rules for one of `SERVERS`; raise `TwingraphError` for another."""
    if server not in SERVERS:
        raise TwingraphError(f"no rules for {server!r}; write one of {', '.join(SERVERS)}")
    for value in (host.name, host.root, host.prefix):
        if not value or set(value) & set("\"'{};\\$ \t\r\n"):
            raise TwingraphError(f"{value!r} can't stand in a configuration; write it plainly")
    if not (host.prefix.startswith("/") and host.prefix.endswith("/")):
        raise TwingraphError(f"the prefix is {host.prefix!r}; write it as /twingraph/")
    return SERVERS[server](host)


def _nginx(host: Host) -> str:
    forms = "".join(f'  "~*{_quoted(t)}" {suffix};\n' for suffix, t in FORMATS.items())
    others = "".join(f'  "~*^{language}" {language};\n' for language in LANGUAGES[1:])
    types = "".join(f"    {t} {suffix[1:]};\n" for suffix, t in TYPES.items())
    charsets = " ".join(
        sorted({t for t in TYPES.values() if t.startswith("text/")} - {"text/html"})
    )
    p = host.prefix
    shared = (
        '    add_header Access-Control-Allow-Origin "*" always;\n'
        '    add_header X-Content-Type-Options "nosniff" always;\n'
    )
    return f"""map $http_accept $twingraph_form {{
  default html;
  "~*^\\s*(text/html|application/xhtml)" html;
{forms}}}
map $http_accept_language $twingraph_language {{
  default {LANGUAGES[0]};
{others}}}

server {{
  listen 80;  # and 443 ssl, with your certificate
  server_name {host.name};
  root {host.root};
  index index.html;
  error_page 404 {p}404.html;
  absolute_redirect off;
  charset utf-8;
  charset_types {charsets};
  default_type text/plain;
  gzip on;
  gzip_vary on;
  gzip_types application/json application/ld+json application/xml image/svg+xml text/css
    text/javascript text/turtle;
  types {{
{types}  }}

  location {p} {{
{shared}    add_header Content-Security-Policy "{_POLICY}" always;
    try_files $uri $uri.html $uri/ =404;
  }}
  location {p}embed/ {{
{shared}    add_header Content-Security-Policy "{FRAME_POLICY}" always;
    try_files $uri $uri.html =404;
  }}
  location ~ "^{p}embed/place/(?<slug>[a-z0-9-]+)$" {{
    return 303 {p}embed/$twingraph_language/place/$slug.html;
  }}
  location ~ "^{p}id/(?<thing>{_THING})$" {{
{shared}    add_header Vary "{_VARY}" always;
    set $target {p}doc/$thing.$twingraph_form;
    if ($twingraph_form = html) {{ set $target {p}$twingraph_language/$thing.html; }}
    if (!-f $document_root$target) {{ set $target {p}doc/$thing.ttl; }}
    if (-f $document_root$target) {{ return 303 $target; }}
    return 404;
  }}
  location ~ "^{p}(?<thing>{_CODE})$" {{
{shared}    add_header Vary "{_VARY}" always;
    set $target {p}doc/$thing.$twingraph_form;
    if ($twingraph_form = html) {{ set $target {p}$twingraph_language/$thing.html; }}
    if (-f $document_root$target) {{ return 303 $target; }}
    return 404;
  }}
  location ~ "^{p}(?<thing>ns|shapes)$" {{
{shared}    add_header Vary "{_VARY}" always;
    set $target {p}$thing.$twingraph_form;
    if ($twingraph_form = html) {{ set $target {p}$twingraph_language/$thing.html; }}
    return 303 $target;
  }}
  location ~ "^{p}(?<file>catalog|catalog-de)$" {{ return 303 {p}$file.ttl; }}
  location = {p}.well-known/void {{ return 303 {p}void.ttl; }}
  location ~ "^{p}query/[a-z0-9-]+\\.json$" {{
{shared}    types {{ }}
    default_type {_ANSWER};
  }}
  location = {p}.well-known/sparql-examples {{
{shared}    types {{ }}
    default_type text/turtle;
  }}
}}
"""


def _quoted(media_type: str) -> str:
    """Return a media type as a regular expression.

    >>> _quoted("application/rdf+xml")
    'application/rdf[+]xml'
    """
    return media_type.replace("+", "[+]").replace(".", "[.]")


def _apache_forms() -> str:
    lines = ["RewriteRule ^ - [E=form:html,E=language:" + LANGUAGES[0] + "]"]
    for suffix, media_type in reversed(list(FORMATS.items())):  # the last that fits stays
        lines += [
            f'RewriteCond %{{HTTP:Accept}} "!{_HTML_FIRST}" [NC]',
            f'RewriteCond %{{HTTP:Accept}} "{_quoted(media_type)}" [NC]',
            f"RewriteRule ^ - [E=form:{suffix}]",
        ]
    for language in LANGUAGES[1:]:
        lines += [
            f'RewriteCond %{{HTTP:Accept-Language}} "^{language}" [NC]',
            f"RewriteRule ^ - [E=language:{language}]",
        ]
    return "\n".join(lines)


def _apache(host: Host) -> str:
    p = host.prefix
    types = "\n".join(f"AddType {t} {suffix}" for suffix, t in TYPES.items())
    texts = " ".join(suffix for suffix, t in TYPES.items() if t.startswith("text/"))
    return f"""# .htaccess in the folder of the site; modules: dir, headers, mime, rewrite
Options -Indexes -MultiViews
DirectoryIndex index.html
ErrorDocument 404 {p}404.html
RemoveEncoding .gz .zst
RemoveType .gz
RemoveLanguage .de .en
{types}
AddCharset utf-8 {texts}
<FilesMatch "^(SHA256SUMS|robots\\.txt)$">
  ForceType "text/plain; charset=utf-8"
</FilesMatch>
<FilesMatch "^sparql-examples$">
  ForceType text/turtle
</FilesMatch>

Header always set Access-Control-Allow-Origin "*"
Header always set X-Content-Type-Options "nosniff"
Header always set Content-Security-Policy "{_POLICY}"
Header always set Content-Security-Policy "{FRAME_POLICY}" env=framed
Header always set Vary "{_VARY}" "expr=%{{REQUEST_STATUS}} -eq 303"

RewriteEngine On
{_apache_forms()}
RewriteRule ^(catalog|catalog-de)$ {p}$1.ttl [R=303,L]
RewriteRule ^\\.well-known/void$ {p}void.ttl [R=303,L]
RewriteRule ^embed/ - [E=framed:yes]
RewriteRule ^query/[a-z0-9-]+\\.json$ - [T={_ANSWER}]
RewriteRule ^embed/place/([a-z0-9-]+)$ {p}embed/%{{ENV:language}}/place/$1.html [R=303,L]
# IRIs of things, codes, ontology and shapes
RewriteCond %{{ENV:form}} =html
RewriteCond %{{DOCUMENT_ROOT}}{p}%{{ENV:language}}/$1.html -f
RewriteRule {_IRI} {p}%{{ENV:language}}/$1.html [R=303,L]
RewriteCond %{{DOCUMENT_ROOT}}{p}doc/$1.%{{ENV:form}} -f
RewriteRule {_IRI} {p}doc/$1.%{{ENV:form}} [R=303,L]
RewriteCond %{{DOCUMENT_ROOT}}{p}$1.%{{ENV:form}} -f
RewriteRule ^(ns|shapes)$ {p}$1.%{{ENV:form}} [R=303,L]
RewriteCond %{{DOCUMENT_ROOT}}{p}doc/$1.ttl -f
RewriteRule ^id/({_THING})$ {p}doc/$1.ttl [R=303,L]
# pages without .html
RewriteCond %{{REQUEST_FILENAME}} !-f
RewriteCond %{{REQUEST_FILENAME}} !-d
RewriteCond %{{REQUEST_FILENAME}}.html -f
RewriteRule ^(.+)$ {p}$1.html [L]
"""


def _caddy(host: Host) -> str:
    p = host.prefix
    forms = "".join(f'    "~{_quoted(t)}" {suffix}\n' for suffix, t in FORMATS.items())
    others = "".join(f'    "~^{language}" {language}\n' for language in LANGUAGES[1:])
    types = "".join(
        f"  @{suffix[1:]} path *{suffix}\n"
        f'  header @{suffix[1:]} Content-Type "{t}'
        f'{"; charset=utf-8" if t.startswith("text/") else ""}"\n'
        for suffix, t in TYPES.items()
    )
    return f"""{host.name} {{
  root * {host.root}
  map {{header.Accept}} {{form}} {{
    "~^\\s*(text/html|application/xhtml)" html
{forms}    default html
  }}
  map {{header.Accept-Language}} {{language}} {{
{others}    default {LANGUAGES[0]}
  }}
  header Access-Control-Allow-Origin "*"
  header X-Content-Type-Options "nosniff"
  @framed path {p}embed/*
  header @framed Content-Security-Policy "{FRAME_POLICY}"
  @unframed not path {p}embed/*
  header @unframed Content-Security-Policy "{_POLICY}"
{types}  @sums path */SHA256SUMS
  header @sums Content-Type "text/plain; charset=utf-8"
  @examples path */sparql-examples
  header @examples Content-Type "text/turtle; charset=utf-8"
  @answer path_regexp ^{p}query/[a-z0-9-]+\\.json$
  header @answer Content-Type "{_ANSWER}"

  @iri path_regexp iri ^{p}id/({_THING})$
  handle @iri {{
    header Vary "{_VARY}"
    @page {{
      expression {{form}} == "html"
      file {p}{{language}}/{{re.iri.1}}.html
    }}
    redir @page {p}{{language}}/{{re.iri.1}}.html 303
    @form file {p}doc/{{re.iri.1}}.{{form}}
    redir @form {p}doc/{{re.iri.1}}.{{form}} 303
    @any file {p}doc/{{re.iri.1}}.ttl
    redir @any {p}doc/{{re.iri.1}}.ttl 303
    error 404
  }}
  @code path_regexp code ^{p}({_CODE})$
  handle @code {{
    header Vary "{_VARY}"
    @codepage expression {{form}} == "html"
    redir @codepage {p}{{language}}/{{re.code.1}}.html 303
    redir {p}doc/{{re.code.1}}.{{form}} 303
  }}
  @whole path_regexp whole ^{p}(ns|shapes)$
  handle @whole {{
    header Vary "{_VARY}"
    @wholepage expression {{form}} == "html"
    redir @wholepage {p}{{language}}/{{re.whole.1}}.html 303
    redir {p}{{re.whole.1}}.{{form}} 303
  }}
  @embed path_regexp embed ^{p}embed/place/([a-z0-9-]+)$
  redir @embed {p}embed/{{language}}/place/{{re.embed.1}}.html 303
  redir {p}catalog {p}catalog.ttl 303
  redir {p}catalog-de {p}catalog-de.ttl 303
  redir {p}.well-known/void {p}void.ttl 303
  handle {{
    try_files {{path}} {{path}}.html
    file_server
  }}
  handle_errors {{
    rewrite * {p}404.html
    file_server
  }}
}}
"""


def _netlify(host: Host) -> str:
    p = host.prefix
    languages = "".join(
        f"{p}id/:kind/:slug  {p}{language}/:kind/:slug.html  302  Language={language}\n"
        for language in LANGUAGES[1:]
    )
    types = "".join(
        f"{p}*{suffix}\n  Content-Type: {t}{'; charset=utf-8' if t.startswith('text/') else ''}\n"
        for suffix, t in TYPES.items()
        if suffix not in (".html", ".css", ".js", ".svg", ".png")
    )
    return f"""# file _redirects; nothing here can look at Accept: IRIs lead to pages alone
{languages}{p}id/:kind/:slug  {p}{LANGUAGES[0]}/:kind/:slug.html  302
{p}embed/place/:slug  {p}embed/{LANGUAGES[0]}/place/:slug.html  302
{p}catalog  {p}catalog.ttl  302
{p}.well-known/void  {p}void.ttl  302

# file _headers
{p}*
  Access-Control-Allow-Origin: *
  X-Content-Type-Options: nosniff
{types}"""


def _w3id(host: Host) -> str:
    address = f"https://{host.name}{host.prefix}"
    return f"""# .htaccess of a redirect service such as w3id.org, before the site as files
Options -MultiViews
RewriteEngine On
Header always set Access-Control-Allow-Origin "*"
Header always set Vary "{_VARY}"
{_apache_forms()}
RewriteCond %{{ENV:form}} =html
RewriteRule {_IRI} {address}%{{ENV:language}}/$1.html [R=303,L]
RewriteRule ^(ns|shapes)$ {address}$1.%{{ENV:form}} [R=303,L]
RewriteRule {_IRI} {address}doc/$1.%{{ENV:form}} [R=303,L]
RewriteRule ^(.*)$ {address}$1 [R=302,L]
"""


SERVERS: Final[Mapping[str, Callable[[Host], str]]] = {
    "nginx": _nginx,
    "apache": _apache,
    "caddy": _caddy,
    "netlify": _netlify,
    "w3id": _w3id,
}
