"""What stands in front of Django: it answers what it has kept, and learns from Django's answers what it may keep.

A request that it answers reaches neither Django's middleware nor its addresses nor the database.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone

from cms.page_cache import cdn
from cms.page_cache.counters import get_counters
from cms.page_cache.entries import Entry, Form, Headers
from cms.page_cache.generation import get_generation
from cms.page_cache.headers import PRIVATE, USED_PARAMETERS, directives
from cms.page_cache.keys import Key, Questions, names_in
from cms.page_cache.renewal import begin_anew
from cms.page_cache.store import get_store
from cms.visibility import next_change

logger = logging.getLogger(__name__)

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

# After this a page is made anew even if nothing happened: should a change ever escape the signals, it shows then.
LONGEST_SECONDS = 3_600
# The answer may depend on these: the first two are settled here, the third is part of the key.
KNOWN_VARY = frozenset({"accept-encoding", "cookie", "origin"})


class Front:
    """A WSGI application around Django's.

    Args:
        application: Django's.
        most_bytes: How much this process keeps in memory.
    """

    def __init__(self, application: Application, *, most_bytes: int) -> None:
        self._application = application
        self._kept = Kept(most_bytes=most_bytes)
        self._questions = Questions()
        self._generation = get_generation()
        self._store = get_store()
        self._counters = get_counters()
        self._next_change = NextChange()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        key = self._questions.key_of(environ)
        generation = self._generation.current() if key is not None else None
        if key is None or generation is None:
            self._counters.count("bypasses")
            return through(self._application, environ, start_response)
        entry = self._kept.get(key)
        if entry is None or not is_current(entry, generation):
            return self._answer_anew(key, generation, environ, start_response)
        self._counters.count("hits")
        return send(entry, environ, start_response)

    def _answer_anew(
        self, key: Key, generation: bytes, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        if not self._questions.may_be_stored(key, environ):
            self._counters.count("bypasses")
            return through(self._application, environ, start_response)
        entry = self._store.get(key, generation=generation)
        if entry is not None and is_current(entry, generation):
            self._kept.put(key, entry)
            self._counters.count("hits")
            return send(entry, environ, start_response)
        self._counters.count("misses")
        return self._ask_django(key, generation, environ, start_response)

    def _ask_django(
        self, key: Key, generation: bytes, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Have Django answer, and keep the answer if it may be kept.

        Without the tracking parameters, which would otherwise stand in what everybody is going to be sent. Whoever is
        sent on takes them along, and an old address may have some: then Django is asked again as the reader did.
        """
        asked = environ.get("QUERY_STRING", "")
        environ["QUERY_STRING"] = key.query
        # A page that changes while it is being made shows its old self: what counts is what was before.
        started_at = timezone.now()
        answer = Answer()
        body = self._application(environ, answer.start_response)
        if environ["REQUEST_METHOD"] == "GET" and isinstance(body, HttpResponse) and answer.may_be_kept(key):
            entry = self._keep(key, generation, answer, body, started_at=started_at)
            if entry is not None:
                body.close()
                return send(entry, environ, start_response)
        if asked != key.query and answer.leads_elsewhere:
            close(body)
            return through(self._application, {**environ, "QUERY_STRING": asked}, start_response)
        start_response(answer.status, answer.headers_outside(), *answer.failure)
        return body

    def _keep(
        self, key: Key, generation: bytes, answer: "Answer", response: HttpResponse, *, started_at: datetime
    ) -> Entry | None:
        """Keep an answer; None where that fails, which is no reader's business."""
        try:
            entry = Entry.of(
                generation=generation,
                ends_at=self._next_change.within(LONGEST_SECONDS, generation=generation, now=started_at),
                headers=answer.headers,
                body=response.content,
                vary=answer.vary - {"accept-encoding", "cookie"},
            )
            if cdn.is_configured():
                entry.is_on_cdn = cdn.write_down(f"{key.scheme}://{key.host}/")
                # Written down too late for a purge that is under way: it was told to forget what went before.
                entry.is_on_cdn = entry.is_on_cdn and self._generation.current() == generation
            self._kept.put(key, entry)
            self._store.put(key, entry)
        except Exception:
            logger.exception("An answer could not be kept")
            return None
        return entry


class Kept:
    """The pages in this process's memory. Those that were not asked for longest go first."""

    def __init__(self, *, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Entry | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
        return entry

    def put(self, key: Key, entry: Entry) -> None:
        if entry.size > self._most_bytes:
            return
        with self._lock:
            old = self._entries.pop(key, None)
            self._bytes += entry.size - (old.size if old else 0)
            self._entries[key] = entry
            while self._bytes > self._most_bytes:
                _, oldest = self._entries.popitem(last=False)
                self._bytes -= oldest.size


class NextChange:
    """When the site changes by itself. Within one generation that is asked of the database once."""

    def __init__(self) -> None:
        self._known: tuple[bytes, float] = (b"", 0.0)

    def within(self, seconds: int, *, generation: bytes, now: datetime) -> float:
        """Return that moment, or the one after `seconds` if it is earlier, in seconds since 1970."""
        known_for, moment = self._known
        if known_for != generation or moment <= now.timestamp():
            change = next_change(now=now)
            moment = change.timestamp() if change else float("inf")
            self._known = (generation, moment)
        return min(moment, now.timestamp() + seconds)


class Answer:
    """Django's answer, as WSGI tells it."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: Headers = []
        self.failure: tuple[Any, ...] = ()

    def start_response(self, status: str, headers: Headers, *failure: Any) -> None:
        self.status, self.headers, self.failure = status, headers, failure

    @property
    def leads_elsewhere(self) -> bool:
        """Say whether it is a redirect, or would be one if the address were an old one."""
        return self.status.startswith(("301", "302", "303", "307", "308", "404"))

    @property
    def vary(self) -> set[str]:
        return {name.strip().lower() for name in ",".join(self._all("vary")).split(",")} - {""}

    def may_be_kept(self, key: Key) -> bool:
        """Say whether it tells so itself, and is the same for everybody who has this key."""
        said = directives(",".join(self._all("cache-control")))
        used = set(" ".join(self._all(USED_PARAMETERS.lower())).split())
        return (
            self.status.startswith("200 ")
            and {"public", "max-age"} <= said
            and not said & PRIVATE
            and not self._all("set-cookie")
            and not self._all("content-encoding")
            and self.vary <= KNOWN_VARY
            and names_in(key.query) <= used
            and self._fits_origin(key)
        )

    def headers_outside(self) -> Headers:
        return without(self.headers, USED_PARAMETERS)

    def _fits_origin(self, key: Key) -> bool:
        """Keep what was made for another front end only if that one was let in: anybody can make up an origin."""
        return not key.origin or self._all("access-control-allow-origin") in ([key.origin], ["*"])

    def _all(self, wanted: str) -> list[str]:
        return [value for name, value in self.headers if name.lower() == wanted]


def is_current(entry: Entry, generation: bytes) -> bool:
    return entry.generation == generation and time.time() < entry.ends_at


def send(entry: Entry, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
    form = entry.form_for(environ.get("HTTP_ACCEPT_ENCODING", ""))
    is_unchanged = has_it(form, environ)
    headers = form.not_modified_headers if is_unchanged else form.headers
    if entry.is_on_cdn:
        headers = cdn.let_keep(headers, seconds=int(entry.ends_at - time.time()))
    if is_unchanged:
        start_response(NOT_MODIFIED, list(headers))
        return []
    start_response(OK, list(headers))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [form.body]


OK = f"{HTTPStatus.OK.value} {HTTPStatus.OK.phrase}"
NOT_MODIFIED = f"{HTTPStatus.NOT_MODIFIED.value} {HTTPStatus.NOT_MODIFIED.phrase}"


def has_it(form: Form, environ: dict[str, Any]) -> bool:
    """Say whether whoever asks has this very form already: an ETag has its quotes, so none is found within another."""
    tags = environ.get("HTTP_IF_NONE_MATCH")
    if tags is not None:
        return form.etag in tags or tags.strip() == "*"
    date = environ.get("HTTP_IF_MODIFIED_SINCE")
    return date is not None and date == form.last_modified


def close(body: Iterable[bytes]) -> None:
    """Tell Django that its answer is done with, as a web server does."""
    if hasattr(body, "close"):
        body.close()


def through(application: Application, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Have Django answer, and send that as it is: what it says to the page cache alone is left out."""

    def without_our_header(status: str, headers: Headers, *failure: Any) -> Any:
        return start_response(status, without(headers, USED_PARAMETERS), *failure)

    return application(environ, without_our_header)


def without(headers: Headers, unwanted: str) -> Headers:
    return [(name, value) for name, value in headers if name.lower() != unwanted.lower()]


def in_front_of(application: Application) -> Application:
    """Put the page cache in front of Django, and begin anew."""
    if not settings.PAGE_CACHE_MB:
        return partial(through, application)
    begin_anew()
    return Front(application, most_bytes=settings.PAGE_CACHE_MB * 1024 * 1024)
