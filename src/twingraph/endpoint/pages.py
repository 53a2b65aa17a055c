"""Requests that a worker answers: pages, descriptions, look-ups, library queries.

A worker has one thread, no event loop, and no descriptor but its socket. All files are therefore
read before it is forked, and the coroutines here never wait for anything.
"""

from __future__ import annotations

import contextlib
import io
import time
import traceback
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from pyoxigraph import Store
from starlette.types import Message, Scope

from twingraph.endpoint.blocking import BlockingEvaluator
from twingraph.endpoint.endpoint import (
    SEEN,
    ForPeople,
    answer,
    is_query,
)
from twingraph.endpoint.evaluate import FRESH, Answer, Config, evaluate
from twingraph.endpoint.messages import pack, unpack
from twingraph.endpoint.process import Gone, Reply
from twingraph.endpoint.query_message import Question
from twingraph.endpoint.query_outcome import Outcome
from twingraph.endpoint.service import Service
from twingraph.endpoint.worker_routes import OutOfMemoryError, alone
from twingraph.rdf.iris import page_path
from twingraph.settings import Limits
from twingraph.site.datapage import DATA_PAGE
from twingraph.site.list_csv import pack_csv
from twingraph.site.lists import members_of
from twingraph.site.pages import FIXED, page
from twingraph.site.prepared import read_prepared
from twingraph.site.read_ahead import read_build, read_program
from twingraph.site.reader import ANSWERS, LANGUAGES, BuildReader, load_site
from twingraph.site.results import count_ahead
from twingraph.web.reconcile import gazetteer_in, keep_register, read_tables
from twingraph.web.sitemap import paths_in

Value = TypeVar("Value")
_WARMING: Final = 2.0  # seconds of processor time
_WAITING: Final = 3.0  # seconds by the clock: meanwhile nothing is forked, and no worker ended
_ASGI: Final = {"version": "3.0", "spec_version": "2.4"}

read_program()  # all files of the package, before the process that imports this forks


def drive(coroutine: Coroutine[Any, Any, Value]) -> Value:
    """Run a coroutine that never waits and return its result; raise `RuntimeError` if it waits.

    >>> async def seven() -> int:
    ...     return 7
    >>> drive(seven())
    7
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        value: Value = done.value
        return value
    coroutine.close()
    raise RuntimeError("an answer waited for something; in a worker nothing comes")


class Preparation(NamedTuple):
    """A value computed once for all workers, by a helper process of the fork server.

    `make` computes it, and its result is pickled; `keep` stores it in the fork server. `what`
    names it in messages.
    """

    what: str
    make: Callable[[], Any]
    keep: Callable[[Any], object]
    reads_build: bool = False  # from files in `prepared/`, which may be damaged


def _usual_paths(site: BuildReader) -> list[str]:
    """Return the path, below its language, of one page of each kind that is often requested."""
    things = [
        path.partition("/")[2]
        for kind in ("place", "partnership", "source", "event", "org")
        for thing in members_of(site, kind)[:1]
        if (path := page_path(site.path(thing) or "", LANGUAGES[0])) is not None
    ]
    lists = [f"{kind}/index.html" for kind in ("place", "partnership", "source", "vocab", "query")]
    return [*things, *lists, *FIXED, DATA_PAGE]


def _read_whole(site: BuildReader) -> tuple[frozenset[str], dict[object, Any]]:
    """Return the graph IRIs of a build, and the values cached while reading `prepared/`."""
    read_prepared(site)
    # what was made of them is cached as well, and is a tenth of it
    raw = {("prepared", ANSWERS), ("rows", "anniversaries")}
    return site.graphs, {key: value for key, value in site.memory.items() if key not in raw}


class OwnEvaluator:
    """Evaluates queries in this worker; the pool enforces the limits from outside."""

    def __init__(self, store: Store, config: Config, limits: Limits) -> None:
        """Take the graph, the configuration and the limits."""
        self.limits = limits
        self._store = store
        self._config = config

    async def ask(
        self,
        query: str,
        rows: str,
        graphs: str,
        dataset: tuple[tuple[str, ...], tuple[str, ...]] | None = None,
        bindings: Mapping[str, str] | None = None,
        gone: Gone | None = None,
    ) -> Reply:
        """Return the result of a query, as `Pool.ask` does; `gone` is the business of the pool."""
        question = Question(query, rows, graphs, dataset, bindings)
        answer = evaluate(self._store, self._config, question)
        if answer.outcome is Outcome.TOO_MUCH_MEMORY:
            raise OutOfMemoryError
        return Reply(answer.outcome, answer.body, answer.rows, bool(answer.flags & FRESH))

    problem = ""

    async def start(self) -> None:
        """Do nothing: it is ready."""

    async def drain(self) -> None:
        """Do nothing: no query runs in the background."""

    def close(self) -> None:
        """Do nothing: no process was started."""

    def state(self) -> dict[str, int]:
        """Return no gauges."""
        return {}


class PageMaker:
    """The inner application over one graph."""

    def __init__(self, store: Store, config: Config) -> None:
        """Open the build that the configuration names; raise `TwingraphError` where it is none."""
        settings = dict(config.pages)
        limits = Limits(**settings["limits"])
        library = Path(settings["library"]) if settings["library"] else None
        build = Path(config.graph).parent
        site = load_site(build, library, address=settings["address"], store=store)
        read_build(site)
        evaluator = OwnEvaluator(store, config, limits)
        site = replace(site, guarded=BlockingEvaluator(evaluator, lambda ask: drive(ask())))
        self._service = Service(site, evaluator)
        self._app = alone()
        read_tables()

    def preparations(self) -> list[Preparation]:
        """Return what is computed once for all workers, so that none has to do it itself.

        What most pages need comes first, what takes longest last.
        """
        state = self._app.state

        def remember(made: dict[object, bytes]) -> None:
            self._service.site.memory.update(made)

        return [
            Preparation(
                "what pages have in common",
                lambda: _read_whole(self._service.site),
                self._keep_whole,
                reads_build=True,
            ),
            Preparation("the first pages", lambda: None, lambda _: self._warm()),
            Preparation(
                "the sitemap",
                lambda: paths_in(self._service.site),
                lambda paths: setattr(state, "sitemaps", (self._service.site, paths)),
            ),
            Preparation(
                "what the library counts", lambda: count_ahead(self._service.site), remember
            ),
            Preparation(
                "the register of names",
                lambda: gazetteer_in(self._service.site),
                lambda places: keep_register(state, self._service.site, places),
            ),
            Preparation("the tables of long lists", lambda: pack_csv(self._service.site), remember),
        ]

    def _warm(self) -> None:
        """Make a page of each kind, so that workers have templates, names and texts in memory.

        In a thread, as every query before workers are forked (`worker.in_thread`).
        """
        until = time.monotonic() + _WAITING

        def make() -> None:
            site = self._service.site
            enough = time.thread_time() + _WARMING
            for path in _usual_paths(site):
                for language in LANGUAGES:
                    if time.thread_time() < enough and time.monotonic() < until:
                        with contextlib.suppress(Exception):  # a request for it reports the error
                            page(site, language, path)

        with ThreadPoolExecutor(1) as threads:
            threads.submit(make).result()

    def _keep_whole(self, read: tuple[frozenset[str], dict[object, Any]]) -> None:
        graphs, memory = read
        site = self._service.site
        # the contents of the other files are in `memory`, parsed
        pictures = {name: raw for name, raw in site.prepared.items() if name.endswith(".svg")}
        site = self._service.site = replace(site, prepared=pictures, memory=memory)
        site.__dict__["graphs"] = graphs

    def forget_prepared(self) -> None:
        """Query the graph from now on instead of reading the files in `prepared/`."""
        self._service.site = replace(self._service.site, prepared={}, memory={})

    def answer(self, message: bytes) -> Answer:
        """Return the response to a request (both as in `messages.py`), with text for the log."""
        head, body = unpack(message)
        scope = _scope_of(head, body, self._service)
        sent: list[Message] = []
        noted = io.StringIO()  # a worker has no standard error
        failed = False
        try:
            with redirect_stderr(noted):
                drive(self._respond(scope, body, sent))
        except (OutOfMemoryError, MemoryError):
            return Answer(Outcome.TOO_MUCH_MEMORY)
        except Exception:  # noqa: BLE001  # whatever it is: answered with 500, and logged
            traceback.print_exc(file=noted)
            failed = True
        trace = noted.getvalue()
        # an incomplete response is dropped, whatever its status
        if not sent or (failed and sent[0]["status"] != 500):
            return Answer(Outcome.FAILED, trace.encode())
        reply_head = {
            "status": sent[0]["status"],
            "headers": [[name.decode("latin-1"), value.decode("latin-1")]
                        for name, value in sent[0].get("headers", ())],
            "trace": trace,
        }  # fmt: skip
        content = b"".join(part.get("body", b"") for part in sent[1:])
        if len(content) > self._service.limits.result_bytes:
            return Answer(Outcome.TOO_MANY_BYTES)
        rows = max(scope.get(SEEN, (0,))[0], 0)
        return Answer(Outcome.RESPONSE, pack(reply_head, content), rows)

    async def _respond(self, scope: Scope, body: bytes, sent: list[Message]) -> None:
        async def send(message: Message) -> None:
            sent.append(message)

        parts = [body]

        async def receive() -> Message:
            if parts and not scope["state"]["cut"]:
                return {"type": "http.request", "body": parts.pop(), "more_body": False}
            return {"type": "http.disconnect"}

        if is_query(scope):
            response = await answer(self._service, scope, receive, send)
            if not isinstance(response, ForPeople):
                return
            scope["state"]["query"] = response
        await self._app(scope, receive, send)


def _scope_of(head: Mapping[str, Any], body: bytes, service: Service) -> Scope:
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": "1.1",
        "server": head["server"] and tuple(head["server"]),
        "client": None,
        "scheme": head["scheme"],
        "method": head["method"],
        "root_path": head["root_path"],
        "path": head["path"],
        "raw_path": head["raw_path"].encode("latin-1"),
        "query_string": head["query_string"].encode("latin-1"),
        "headers": [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in head["headers"]
        ],
        "state": {
            "snapshot": service, "handed": head["handed"], "cut": head["cut"], "body": body,
        },
    }  # fmt: skip
