"""Which requests the page cache may answer, and under which key."""

from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage

from cms.previews.links import COOKIE as PREVIEW_COOKIE

# What newsletters and other sites add to addresses, for their own statistics. No page depends on it.
TRACKING = frozenset(
    [
        "_ga",
        "_gl",
        "_hsenc",
        "_hsmi",
        "dclid",
        "fbclid",
        "gbraid",
        "gclid",
        "igshid",
        "li_fat_id",
        "mc_cid",
        "mc_eid",
        "msclkid",
        "ref_src",
        "srsltid",
        "ttclid",
        "twclid",
        "wbraid",
        "yclid",
    ]
)
TRACKING_PREFIX = "utm_"
# Nobody types a longer address, and each key is kept.
LONGEST_ADDRESS = 2_000  # characters


class Key(NamedTuple):
    """What an answer depends on, as far as a request without cookies tells it."""

    scheme: str
    host: str
    path: str
    query: str
    # Which front end asks, for the answers that name it (CORS); a browser that opens a page says nothing.
    origin: str


class Questions:
    """Read requests as the site is configured to.

    A request with a sign of being somebody's own is not the cache's: it goes through whatever the page is. The names of
    the cookies are looked for anywhere in the header, since Django reads even badly written ones.
    """

    def __init__(self) -> None:
        self._personal_cookies = (settings.SESSION_COOKIE_NAME, CookieStorage.cookie_name, PREVIEW_COOKIE)
        self._scheme_header, self._secure = settings.SECURE_PROXY_SSL_HEADER or ("", "")
        self._never = tuple(settings.NEVER_IN_PAGE_CACHE)
        # A pattern is no name: under "*" a foreign host would get pages kept that have its own name in them.
        self._names = {host for host in settings.ALLOWED_HOSTS if not host.startswith((".", "*"))}
        self._public_host = settings.SITE_URL.partition("://")[2]

    def key_of(self, environ: dict[str, Any]) -> Key | None:
        """Return the key of a request that anybody could have made, None for any other."""
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return None
        if "HTTP_AUTHORIZATION" in environ or "HTTP_RANGE" in environ:
            return None
        cookies = environ.get("HTTP_COOKIE")
        if cookies and any(name in cookies for name in self._personal_cookies):
            return None
        query = environ.get("QUERY_STRING", "")
        if query:
            parameters = meaningful(query)
            if parameters is None:
                return None
            query = parameters
        return Key(
            self._scheme_of(environ),
            environ.get("HTTP_HOST", ""),
            environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""),
            query,
            environ.get("HTTP_ORIGIN", ""),
        )

    def may_be_stored(self, key: Key, environ: dict[str, Any]) -> bool:
        """Say of a key that is not there whether an answer to it may be kept at all."""
        return (
            sum(map(len, key)) <= LONGEST_ADDRESS
            and not key.path.startswith(self._never)
            and self._is_ours(key.host, port=environ.get("SERVER_PORT", ""))
        )

    def _is_ours(self, host: str, *, port: str) -> bool:
        name = host.removesuffix(f":{port}")
        return name in self._names or host == self._public_host

    def _scheme_of(self, environ: dict[str, Any]) -> str:
        if not self._scheme_header:
            scheme: str = environ["wsgi.url_scheme"]
            return scheme
        # As Django reads it: what the first proxy said.
        said = environ.get(self._scheme_header)
        if said is None:
            return str(environ["wsgi.url_scheme"])
        return "https" if said.split(",", 1)[0].strip() == self._secure else "http"


def meaningful(query: str) -> str | None:
    """Return a query string without tracking parameters, in one order; None where a name is there twice."""
    pairs = [pair for pair in query.split("&") if pair and not _is_tracking(_name(pair))]
    if len(pairs) > 1:
        if len({_name(pair) for pair in pairs}) < len(pairs):
            return None
        pairs.sort()
    return "&".join(pairs)


def names_in(query: str) -> set[str]:
    return {_name(pair) for pair in query.split("&") if pair}


def _name(pair: str) -> str:
    return pair.partition("=")[0]


def _is_tracking(name: str) -> bool:
    return name.startswith(TRACKING_PREFIX) or name in TRACKING
