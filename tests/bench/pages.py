"""Pages and JSON under load, beside what others make of the same: nginx with the same bytes in a file, and a stock
Wagtail site with the same articles.

All servers are there at the same time and are asked in turns, round by round; a figure is the median of what the rounds
say, so that whatever else the machine does slows both sides of it.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from tests.bench.figures import Figure, tell
from tests.bench.load import Load, body_of, find_wrk, load
from tests.bench.nginx import Nginx
from tests.bench.stock_site import StockSite
from tests.services.process import Process
from tests.services.site import Site

AIM_CACHED_SHARE = 0.4
AIM_UNCACHED_SHARE = 0.6
AIM_LIST_TIMES = 8
PAGE = "/articles/article-0/"
JSON = "/api/articles/article-0/"
LIST = "/api/articles/?page_size=20"
# The members that LIST has too.
STOCK_LIST = (
    "/api/v2/pages/?type=library.ArticlePage&limit=20&order=-first_published_at"
    "&fields=summary,category(name,slug),tags,author,last_published_at,expire_at,reviewed_on,reviewer"
)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One address of one server."""

    url: str
    server: Process


Rounds = Sequence[Mapping[str, Load]]


def measure(site: Site, *, stock: StockSite, rounds: int, seconds: float) -> list[Figure]:
    """Ask every side for so many seconds, so many times.

    Raises:
        MissingError: nginx or wrk is not installed.
    """
    find_wrk()
    with ExitStack() as running:
        sides = cached_sides(running, site) | uncached_sides(running, site) | stock_sides(running, stock)
        for side in sides.values():
            body_of(side.url)
            load(side.url, server=side.server, seconds=seconds)  # Caches fill, and nobody is slow for being new.
        found = [
            {name: load(side.url, server=side.server, seconds=seconds) for name, side in sides.items()}
            for _ in range(rounds)
        ]
    tell_rounds(found)
    return figures(found)


def cached_sides(running: ExitStack, site: Site) -> dict[str, Side]:
    nginx = Nginx(folder=site.folder)
    running.callback(nginx.stop)
    running.callback(site.stop)
    site.start_web()
    nginx.start()
    nginx.wait()
    page, article = site.url + PAGE, site.url + JSON
    return {
        "nginx, the same page": Side(url=nginx.serve("page.html", body_of(page)), server=nginx),
        "cached page": Side(url=page, server=site.web),
        "nginx, the same JSON": Side(url=nginx.serve("article.json", body_of(article)), server=nginx),
        "cached JSON": Side(url=article, server=site.web),
    }


def uncached_sides(running: ExitStack, site: Site) -> dict[str, Side]:
    """The same site without its page cache."""
    uncached = Site(folder=site.folder, variables={**site.variables, "PAGE_CACHE_MB": "0"})
    running.callback(uncached.stop)
    uncached.start_web()
    return {
        "uncached page": Side(url=uncached.url + PAGE, server=uncached.web),
        "uncached list": Side(url=uncached.url + LIST, server=uncached.web),
    }


def stock_sides(running: ExitStack, stock: StockSite) -> dict[str, Side]:
    stock.make()
    running.callback(stock.web.stop)
    stock.start()
    return {
        "stock Wagtail's page": Side(url=stock.url + PAGE, server=stock.web),
        "stock Wagtail's list": Side(url=stock.url + STOCK_LIST, server=stock.web),
    }


def figures(rounds: Rounds) -> list[Figure]:
    cached = [
        Figure(
            name=f"cached {what}, share of nginx's rate with the same file",
            measured=ratio(rounds, of=f"cached {what}", to=f"nginx, the same {what}", by=rate),
            aim=AIM_CACHED_SHARE,
        )
        for what in ("page", "JSON")
    ]
    uncached = [
        Figure(
            name="uncached page, share of stock Wagtail's processor time",
            measured=ratio(rounds, of="uncached page", to="stock Wagtail's page", by=cpu),
            aim=AIM_UNCACHED_SHARE,
            is_ceiling=True,
        ),
        Figure(
            name="uncached list of 20, times stock Wagtail's rate",
            measured=ratio(rounds, of="uncached list", to="stock Wagtail's list", by=rate),
            aim=AIM_LIST_TIMES,
        ),
    ]
    return cached + uncached


def tell_rounds(rounds: Rounds) -> None:
    tell(f"\n{'':<28} {'requests/s':>11} {'CPU ms':>8}   medians of {len(rounds)} rounds")
    for name in rounds[0]:
        tell(f"{name:<28} {median(rounds, name, by=rate):>11,.0f} {median(rounds, name, by=cpu):>8.3f}")


def rate(measured: Load) -> float:
    return measured.rate


def cpu(measured: Load) -> float:
    return measured.cpu_ms


def median(rounds: Rounds, name: str, *, by: Callable[[Load], float]) -> float:
    return statistics.median(by(each[name]) for each in rounds)


def ratio(rounds: Rounds, *, of: str, to: str, by: Callable[[Load], float]) -> float:
    return statistics.median(by(each[of]) / by(each[to]) for each in rounds)
