"""Articles from files into the site: everything or nothing of a file, and all files that are right.

The command, the admin and the demo import by this one function. What it reports for a dry run is what it does
otherwise: both do the work, and the dry run takes it back.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from wagtail.models import Page

from articles.article_texts import NEEDED_FIELDS, ArticleText, read_article
from articles.blocks import BodyBlock
from articles.exchange.articles import PageAddresses, blocks_of, hashes_of, image_ids, stored_body, values_of
from articles.exchange.bodies import Library, kept_where_equal
from articles.exchange.files import MARKDOWN_ENDINGS, TEXT_ENDINGS, ArticleFile, Pictures
from articles.exchange.plain_text import read_plain_article
from articles.exchange.writing import NotWritableError, write_body
from articles.markdown import MarkdownError, RawBlock
from articles.models import ArticleIndexPage, ArticlePage, ArticleSource, Category, unusable_tag
from cms.users.models import User

BODY = "text"
OTHER_FIELDS = ("title", "slug", "summary", "author", "reviewed_on", "reviewer", "seo_title", "search_description")


class Result(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class Change:
    """What a field says before and after; of the text, the lines of Markdown that differ, as `diff -u` shows them."""

    field: str
    before: str = ""
    after: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    Args:
        title: That of the article, as it was before.
        revision_id: The draft that the file was compared with; None for a new article.
        is_live: Readers see what the file says.
        changes: What differs; of a new article, all that it says.
        error: Why the file was refused.
    """

    file: ArticleFile
    result: Result
    title: str = ""
    page_id: int | None = None
    revision_id: int | None = None
    is_live: bool = False
    changes: tuple[Change, ...] = ()
    error: MarkdownError | None = None


@dataclass(frozen=True)
class Defaults:
    """What new articles take where their files say nothing: a category's slug, and an author."""

    category: str = ""
    author: str = ""


def import_articles(
    *,
    index: ArticleIndexPage,
    files: Sequence[ArticleFile],
    user: User | None = None,
    publish: bool = False,
    dry_run: bool = False,
    defaults: Defaults | None = None,
    known: Mapping[str, int] | None = None,
    check: Callable[[Sequence[Outcome]], None] | None = None,
) -> list[Outcome]:
    """Create or update the article of each file, in one transaction, and return what became of each, in their order.

    An article is found by its id, else by its slug under `index`; where there is none, it is made. What changes is
    saved as a draft, and published if `publish` is set. The articles may link to each other. A file that is refused
    changes nothing, and neither does one with a link to an article that only a refused file would make.

    `user` is who does it, within their permissions; None is the operator, who may do everything. `known` are further
    addresses that texts may link to, each with the number of its page; what is there under an address comes first.
    `check` is called with what became of each file before any of it is kept; what it raises takes all of it back.
    """
    texts, refused = read_files(files)

    def in_order(outcomes: Mapping[ArticleFile, Outcome]) -> list[Outcome]:
        errors = {file: Outcome(file=file, result=Result.REFUSED, error=error) for file, error in refused.items()}
        return [{**outcomes, **errors}[file] for file in files]

    work = _Work(
        index=index, user=user, publish=publish, dry_run=dry_run, defaults=defaults or Defaults(), known=known or {}
    )
    outcomes: dict[ArticleFile, Outcome] = {}
    is_settled = False
    while not is_settled:
        # What is refused must leave no trace, and others may have linked to it: all is done again without it.
        batch = _Batch(work, texts)
        try:
            with transaction.atomic():
                outcomes = batch.run()
                is_settled = not batch.refused
                if is_settled and check is not None:
                    check(in_order(outcomes))
                if dry_run or not is_settled:
                    raise _TakenBack
        except _TakenBack:
            batch.pictures.take_back()
        except BaseException:
            batch.pictures.take_back()
            raise
        refused |= batch.refused
        texts = {file: text for file, text in texts.items() if file not in refused}
    return in_order(outcomes)


class _TakenBack(Exception):  # noqa: N818 - no mistake, only the way out of a transaction
    pass


def read_files(
    files: Iterable[ArticleFile],
) -> tuple[dict[ArticleFile, ArticleText], dict[ArticleFile, MarkdownError]]:
    """Return what each file says, and of those that cannot be read why."""
    texts: dict[ArticleFile, ArticleText] = {}
    refused: dict[ArticleFile, MarkdownError] = {}
    for file in files:
        try:
            texts[file] = _read_one(file)
        except MarkdownError as error:
            refused[file] = error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            message = _("This file cannot be read (%(reason)s).") % {"reason": reason}
            refused[file] = MarkdownError(message, path=file.path, line=1)
    return texts, refused


def slug_of(text: ArticleText) -> str:
    """Return the slug that an article is found by, or gets, where it is not found by its id."""
    return text.values.get("slug") or slugify(text.values.get("title", ""))


def _read_one(file: ArticleFile) -> ArticleText:
    file.must_be_inside()
    ending = file.path.suffix.lower()
    if ending in MARKDOWN_ENDINGS:
        return read_article(file.path)
    if ending in TEXT_ENDINGS:
        return read_plain_article(file.path)
    known = ", ".join(sorted(MARKDOWN_ENDINGS | TEXT_ENDINGS))
    message = _("An article is a file that ends in one of: %(known)s.") % {"known": known}
    raise MarkdownError(message, path=file.path, line=1)


@dataclass(frozen=True)
class _Work:
    index: ArticleIndexPage
    user: User | None
    publish: bool
    dry_run: bool
    defaults: Defaults
    known: Mapping[str, int]


@dataclass
class _Target:
    """A file's article: its row, and its latest state, which is what the file changes."""

    page: ArticlePage
    latest: ArticlePage
    is_new: bool


@dataclass
class _Batch:
    """One attempt at all files: first the new articles are made, then, when all can be linked to, the texts."""

    work: _Work
    texts: dict[ArticleFile, ArticleText]
    refused: dict[ArticleFile, MarkdownError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pictures = Pictures(user=self.work.user)
        self._taken: dict[object, ArticleFile] = {}

    def run(self) -> dict[ArticleFile, Outcome]:
        # One import at a time, and no new page beside it: who looks for an article or a free slug must not find less
        # than what is there when it is written.
        Page.objects.select_for_update().get(pk=self.work.index.pk)
        targets: dict[ArticleFile, _Target] = {}
        for file, text in self.texts.items():
            try:
                targets[file] = self._target(file, text)
            except MarkdownError as error:
                self.refused[file] = error
        addresses = PageAddresses(self.work.index)
        # A dry run has taken back what it made before, and nobody can have deleted that.
        addresses.add_known(self.work.known, only_existing=not self.work.dry_run)
        slugs = {file: self.texts[file].values.get("slug") for file in targets}
        addresses.add({slug: targets[file].page.pk for file, slug in slugs.items() if slug})
        outcomes = {}
        for file, target in targets.items():
            try:
                outcomes[file] = self._fill(file, target, addresses)
            except MarkdownError as error:
                self.refused[file] = error
        return outcomes

    # --- Which article a file is -------------------------------------------------------------------------------------

    def _target(self, file: ArticleFile, text: ArticleText) -> _Target:
        page = self._page_of(text)
        slug = slug_of(text)
        # An article that is there is taken by itself, a new one by the slug that it will have.
        self._take(page.pk if page else slug, file, text)
        if page is None:
            new = self._new(text, slug=slug)
            self._taken[new.pk] = file
            return _Target(page=new, latest=new, is_new=True)
        self._must_be_editable(page, text)
        return _Target(page=page, latest=page.get_latest_revision_as_object(), is_new=False)

    def _page_of(self, text: ArticleText) -> ArticlePage | None:
        number = text.values.get("id")
        locale = self.work.index.locale_id
        # What it says until it is written must not be changed by anybody else.
        pages = Page.objects.select_for_update()
        if number and (page := pages.filter(translation_key=number, locale=locale).first()):
            if isinstance(page.specific, ArticlePage):
                return page.specific
            raise text.document.error(_("A page that is no article has this id."), field="id")
        page = pages.child_of(self.work.index).type(ArticlePage).filter(slug=slug_of(text)).first()
        return page.specific if page else None

    def _take(self, key: object, file: ArticleFile, text: ArticleText) -> None:
        other = self._taken.setdefault(key, file)
        if other != file:
            name = next((name for name in ("id", "slug", "title") if name in text.values), "")
            message = _("%(other)s is the same article: keep one of the two files.")
            raise text.document.error(message % {"other": other.name}, field=name)

    def _must_be_editable(self, page: ArticlePage, text: ArticleText) -> None:
        if page.alias_of_id:
            raise text.document.error(_("This article shows another one's text: change that one."), field="slug")
        user = self.work.user
        if user is not None and not page.permissions_for_user(user).can_edit():
            raise text.document.error(_("You may not edit this article."))
        lock = page.get_lock()
        if lock is not None and (user is None or lock.for_user(user)):
            message = _("The article is locked, scheduled or in review: end that in the editor first.")
            raise text.document.error(message)

    def _new(self, text: ArticleText, *, slug: str) -> ArticlePage:
        user = self.work.user
        if user is not None and not self.work.index.permissions_for_user(user).can_add_subpage():
            raise text.document.error(_("You may not add articles here."))
        defaults = {"category": self.work.defaults.category, "author": self.work.defaults.author, "slug": slug}
        said = {name: value for name, value in defaults.items() if value} | text.suggestions | text.values
        for name in sorted(NEEDED_FIELDS - {name for name, value in said.items() if value}):
            raise text.document.error(_("The field “%(name)s” is missing.") % {"name": name}, field=name)
        # Without its text yet, which may link to articles that are still to be made.
        page = ArticlePage(live=False, owner=user, body=[], locale=self.work.index.locale)
        if number := text.values.get("id"):
            page.translation_key = number
        _apply(page, said, text=text)
        _must_be_valid(page, text, without=["body", "path", "depth"])
        self.work.index.add_child(instance=page)
        return page

    # --- What becomes of it ------------------------------------------------------------------------------------------

    def _fill(self, file: ArticleFile, target: _Target, addresses: PageAddresses) -> Outcome:
        text = self.texts[file]
        hashes = hashes_of(image_ids([*stored_body(target.latest), *stored_body(target.page)]))
        used = {hashed: number for number, hashed in hashes.items()}

        def find_picture(address: str) -> int:
            return self.pictures.number_of(address, file=file, used=used)

        numbered = list(text.document.numbered_blocks(page_ids=addresses.page_ids, find_picture=find_picture))
        raw = [block for _line, block in numbered]
        library = Library(addresses=addresses.names, pictures=hashes | hashes_of(image_ids(raw) - hashes.keys()))
        new_state = _changed(target.latest, raw, text=text, library=library)
        changes = _said_by_new(new_state, library) if target.is_new else _changes(target.latest, new_state, library)
        outcome = _outcome_for(file, target)
        if not target.is_new and not changes and not self._is_to_be_published(target):
            return outcome(Result.UNCHANGED, is_live=target.page.live)
        if changes and self._says_what_is_published(target, raw, text=text, library=library):
            # The draft that somebody has begun since stays theirs.
            return outcome(Result.UNCHANGED, is_live=True)
        _must_be_valid(new_state, text, without=["body"])
        _must_be_whole(numbered, text)
        self._save(target, new_state, text=text, has_changed=bool(changes))
        result = Result.CREATED if target.is_new else Result.UPDATED if changes else Result.PUBLISHED
        return outcome(result, is_live=self.work.publish, changes=tuple(changes))

    def _is_to_be_published(self, target: _Target) -> bool:
        return self.work.publish and (not target.page.live or target.page.has_unpublished_changes)

    @staticmethod
    def _says_what_is_published(target: _Target, raw: list[RawBlock], *, text: ArticleText, library: Library) -> bool:
        page = target.page
        if not page.live or not page.has_unpublished_changes:
            return False
        return not _changes(page, _changed(page, raw, text=text, library=library), library)

    def _save(self, target: _Target, new_state: ArticlePage, *, text: ArticleText, has_changed: bool) -> None:
        user = self.work.user
        if self.work.publish and user is not None and not target.page.permissions_for_user(user).can_publish():
            raise text.document.error(_("You may not publish this article; import it as a draft."))
        revision = target.page.latest_revision
        if target.is_new:
            new_state.save()
            revision = new_state.save_revision(user=user, log_action=False)
        elif has_changed or revision is None:
            revision = new_state.save_revision(user=user, log_action=True, changed=True)
        if self.work.publish:
            revision.publish(user=user)


def _outcome_for(file: ArticleFile, target: _Target) -> Any:
    def make(result: Result, *, is_live: bool, changes: tuple[Change, ...] = ()) -> Outcome:
        return Outcome(
            file=file,
            result=result,
            title=target.latest.title,
            page_id=target.page.pk,
            revision_id=target.page.latest_revision_id,
            is_live=is_live,
            changes=changes,
        )

    return make


def _changed(state: ArticlePage, raw: list[RawBlock], *, text: ArticleText, library: Library) -> ArticlePage:
    """Return a copy of a state of an article that says what the file says."""
    copy: ArticlePage = state.with_content_json(state.serializable_data())
    # A revision leaves the date to the page where it has none of its own.
    copy.first_published_at = state.first_published_at
    _apply(copy, text.values, text=text)
    copy.body = kept_where_equal(stored_body(state), raw, library)
    copy.body = stored_body(copy)
    return copy


def _apply(page: ArticlePage, values: Mapping[str, Any], *, text: ArticleText) -> None:
    for name in OTHER_FIELDS:
        if name in values:
            setattr(page, name, values[name])
    if "category" in values:
        page.category = _category(values["category"], text=text)
    if values.get("published"):
        page.first_published_at = values["published"]
    if "tags" in values:
        _set_tags(page, values["tags"], text=text)
    if "sources" in values:
        _set_sources(page, values["sources"], text=text)


def _category(slug: str, *, text: ArticleText) -> Category:
    category = Category.objects.filter(slug=slug).first()
    if category is None:
        known = ", ".join(Category.objects.values_list("slug", flat=True))
        message = _("There is no category “%(category)s”, only: %(known)s.") % {"category": slug, "known": known}
        raise text.document.error(message, field="category")
    return category


def _set_tags(page: ArticlePage, tags: list[str], *, text: ArticleText) -> None:
    if {tag.casefold() for tag in tags} == {tag.name.casefold() for tag in page.tags.all()}:
        return
    for tag in tags:
        if message := unusable_tag(tag):
            raise text.document.error(message, field="tags")
    page.tags.set(list({tag.casefold(): tag for tag in tags}.values()))


def _set_sources(page: ArticlePage, sources: list[dict[str, Any]], *, text: ArticleText) -> None:
    made = [ArticleSource(sort_order=number, **source) for number, source in enumerate(sources)]
    if _said(made) == _said(page.sources.all()):
        return
    for source in made:
        try:
            source.clean_fields(exclude=["article"])
        except ValidationError as error:
            message = f"“{source.title}”: {' '.join(error.messages)}"
            raise text.document.error(message, field="sources") from error
    page.sources.set(made)


def _said(sources: Iterable[ArticleSource]) -> list[tuple[Any, ...]]:
    return [(source.title, source.authors, source.publication, source.year, source.url) for source in sources]


def _changes(before: ArticlePage, after: ArticlePage, library: Library) -> list[Change]:
    old, new = values_of(before), values_of(after)
    changes = [
        Change(field=name, before=_shown(old[name]), after=_shown(new[name])) for name in old if old[name] != new[name]
    ]
    old_blocks, new_blocks = blocks_of(before, library), blocks_of(after, library)
    if old_blocks != new_blocks:
        try:
            old_lines, new_lines = (write_body(blocks).split("\n")[:-1] for blocks in (old_blocks, new_blocks))
            lines = unified_diff(old_lines, new_lines, lineterm="", n=1)
            changes.append(Change(field=BODY, lines=tuple(lines)[2:]))  # without the names of files
        except NotWritableError:
            changes.append(Change(field=BODY))
    return changes


def _said_by_new(article: ArticlePage, library: Library) -> list[Change]:
    return [change for change in _changes(ArticlePage(), article, library) if change.field != "id"]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(", ".join(map(str, item.values())) if isinstance(item, dict) else item for item in value)
    return "" if value is None else str(value)


def _must_be_valid(page: ArticlePage, text: ArticleText, *, without: list[str]) -> None:
    try:
        page.full_clean(exclude=without)
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise text.document.error(f"{name}: {' '.join(messages)}", field=name) from error


def _must_be_whole(numbered: Sequence[tuple[int, RawBlock]], text: ArticleText) -> None:
    """Raise `MarkdownError` for a block that the editor would not take, or when there is none."""
    if not numbered:
        raise text.document.error(_("There is no text after the fields."))
    body = BodyBlock()
    for line, raw in numbered:
        block = body.child_blocks[raw["type"]]
        try:
            block.clean(block.normalize(block.to_python(raw["value"])))
        except ValidationError as error:
            raise text.document.error(" ".join(_messages(error)), line=line) from error


def _messages(error: ValidationError) -> list[str]:
    """Return what is wrong with a block, and with the blocks in it."""
    inner = getattr(error, "block_errors", None) or {}
    errors = inner.values() if isinstance(inner, dict) else inner
    found = [message for each in errors if each is not None for message in _messages(each)]
    own = getattr(error, "non_block_errors", None)
    return found or (list(own.as_data()[0].messages) if own else list(error.messages))
