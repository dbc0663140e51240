"""Many files, in several transactions: an import of any size lets others write meanwhile.

Everything or nothing holds for each file as in one transaction: articles that need each other share one, and what a
text links to comes before it.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import NamedTuple
from uuid import UUID

from wagtail.models import Page

from articles.exchange.articles import addresses_at
from articles.exchange.files import ArticleFile
from articles.exchange.importing import Defaults, Outcome, Result, import_articles, read_files, slug_of
from articles.models import ArticleIndexPage

# On SQLite, whoever writes waits for the whole transaction, and gives up after 20 seconds; this many new articles take
# about three.
FILES_AT_ONCE = 50
# On SQLite, whoever waits looks every tenth of a second whether it is their turn.
PAUSE_SECONDS = 0.2
# The numbers of pages do not come this far.
NO_PAGE = 2_000_000_000

# What an article goes by: an address that texts link to, or its id.
Name = str | UUID
Ways = Mapping[ArticleFile, list[ArticleFile]]


class Names(NamedTuple):
    """Of a file: what its article goes by, before and after the import, and what its text links to."""

    own: Sequence[Name] = ()
    linked: Sequence[Name] = ()


def import_in_batches(
    *,
    index: ArticleIndexPage,
    files: Sequence[ArticleFile],
    publish: bool = False,
    dry_run: bool = False,
    defaults: Defaults | None = None,
) -> Iterator[list[Outcome]]:
    """Import files as `import_articles` does, in transactions of at most `FILES_AT_ONCE` of them.

    Yields what became of the files of each transaction when it is over: that is kept, whatever happens to the rest.
    A transaction is larger only where more files are about one article or link to each other in a ring.
    """
    names = _names(files, index=index)
    known: dict[str, int] = {}
    made_up = count(NO_PAGE)
    for number, batch in enumerate(_batches(files, names=names)):
        if number:
            time.sleep(PAUSE_SECONDS)
        outcomes = import_articles(
            index=index, files=batch, publish=publish, dry_run=dry_run, defaults=defaults, known=known
        )
        yield outcomes
        for outcome in outcomes:
            if outcome.page_id is None:
                continue
            # What a dry run has made and taken back left its number to others: it gets one that no page has.
            is_gone = dry_run and outcome.result == Result.CREATED
            page_id = next(made_up) if is_gone else outcome.page_id
            known |= {name: page_id for name in names[outcome.file].own if isinstance(name, str)}


def _names(files: Sequence[ArticleFile], *, index: ArticleIndexPage) -> dict[ArticleFile, Names]:
    texts, refused = read_files(files)
    ids = [text.values["id"] for text in texts.values() if text.values.get("id")]
    pages = Page.objects.filter(translation_key__in=ids, locale=index.locale_id)
    places = {number: place for number, *place in pages.values_list("translation_key", "slug", "url_path")}
    names = {file: Names() for file in refused}
    for file, text in texts.items():
        number = text.values.get("id")
        slug, url_path = places.get(number, ("", "")) if number else ("", "")
        # An article is found by its id under whatever index.
        above = url_path.removesuffix(f"{slug}/") or index.url_path
        # Until a draft with another slug is published, the article goes by the one that it has, too.
        own_slugs = dict.fromkeys([text.values.get("slug") or slug or slug_of(text), slug or slug_of(text)])
        addresses = [address for own in own_slugs for address in addresses_at(own, above=above, index=index)]
        names[file] = Names(own=[*addresses, *([number] if number else [])], linked=sorted(text.document.links()))
    return names


def _batches(files: Sequence[ArticleFile], *, names: Mapping[ArticleFile, Names]) -> Iterator[list[ArticleFile]]:
    """Yield all files, in batches that need nothing of later ones."""
    places = {file: place for place, file in enumerate(files)}
    batch: list[ArticleFile] = []
    for group in _together(_needed(list(places), names=names)):
        if batch and len(batch) + len(group) > FILES_AT_ONCE:
            yield sorted(batch, key=places.__getitem__)
            batch = []
        batch += group
    if batch:
        yield sorted(batch, key=places.__getitem__)


def _needed(files: Sequence[ArticleFile], *, names: Mapping[ArticleFile, Names]) -> Ways:
    """Return for each file those that it cannot do without: what it links to, and what else is about its article."""
    known_as: dict[Name, list[ArticleFile]] = {}
    for file in files:
        for name in names[file].own:
            known_as.setdefault(name, []).append(file)
    return {
        file: [other for name in (*names[file].own, *names[file].linked) for other in known_as.get(name, [])]
        for file in files
    }


def _together(needed: Ways) -> Iterator[list[ArticleFile]]:
    """Yield the files in groups: those that need each other, directly or by others, after all else that they need.

    These are the strongly connected components, found after Kosaraju. Files without links keep their order.
    """
    needed_by: dict[ArticleFile, list[ArticleFile]] = {file: [] for file in needed}
    for file, others in needed.items():
        for other in others:
            needed_by[other].append(file)
    seen: set[ArticleFile] = set()
    order = [found for file in reversed(list(needed)) for found in _reached(file, needed_by, seen=seen)]
    seen = set()
    for file in reversed(order):
        if group := list(_reached(file, needed, seen=seen)):
            yield group


def _reached(start: ArticleFile, ways: Ways, *, seen: set[ArticleFile]) -> Iterator[ArticleFile]:
    """Yield the files to which ways lead from one and that were not seen yet, each after those it leads to itself."""
    if start in seen:
        return
    seen.add(start)
    path = [(start, iter(ways[start]))]
    while path:
        file, others = path[-1]
        unseen = next((other for other in others if other not in seen), None)
        if unseen is None:
            path.pop()
            yield file
        else:
            seen.add(unseen)
            path.append((unseen, iter(ways[unseen])))
