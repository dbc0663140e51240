"""Pages and JSON under load, beside what others make of the same: nginx with the same bytes in a file, and a stock
Wagtail site with the same articles.

All servers are there at the same time and are asked in turns, round by round; a figure is the median of what the rounds
say, so that whatever else the machine does slows both sides of it.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Figure, tell
from tests.bench.load import Load, body_of, find_wrk, load
from tests.bench.nginx import Nginx
from tests.services.process import MissingError, Process
from tests.services.site import Site

AIM_CACHED_SHARE = 0.4
ARTICLE = "article-0"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One address of one server."""

    url: str
    server: Process


Rounds = Sequence[Mapping[str, Load]]


def measure(site: Site, *, folder: Path, rounds: int, seconds: float) -> list[Figure]:
    """Ask every side for so many seconds, so many times. No figures where a program is not installed, and it says so."""
    with ExitStack() as running:
        try:
            find_wrk()
            sides = cached_sides(running, site, folder=folder)
        except MissingError as missing:
            tell(f"Pages under load are not measured: {missing} is missing.")
            return []
        for side in sides.values():
            load(side.url, server=side.server, seconds=seconds)  # Caches fill, and nobody is slow for being new.
        found = [
            {name: load(side.url, server=side.server, seconds=seconds) for name, side in sides.items()}
            for _ in range(rounds)
        ]
    tell_rounds(found)
    return [
        Figure(
            name=f"cached {what}, share of nginx's rate with the same file",
            measured=ratio(found, of=f"cached {what}", to=f"nginx, the same {what}", by=rate),
            aim=AIM_CACHED_SHARE,
        )
        for what in ("page", "JSON")
    ]


def cached_sides(running: ExitStack, site: Site, *, folder: Path) -> dict[str, Side]:
    running.callback(site.stop)
    site.start_web()
    nginx = Nginx(folder=folder)
    running.callback(nginx.stop)
    nginx.start()
    nginx.wait()
    page, json = f"{site.url}/articles/{ARTICLE}/", f"{site.url}/api/articles/{ARTICLE}/"
    return {
        "nginx, the same page": Side(url=nginx.serve("page.html", body_of(page)), server=nginx),
        "cached page": Side(url=page, server=site.web),
        "nginx, the same JSON": Side(url=nginx.serve("article.json", body_of(json)), server=nginx),
        "cached JSON": Side(url=json, server=site.web),
    }


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
