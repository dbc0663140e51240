"""Articles from files into the site."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from articles.markdown import ArticleText, SourceText
from articles.models import ArticleIndexPage, ArticlePage, ArticleSource, Category


@transaction.atomic
def import_articles(*, index: ArticleIndexPage, texts: Sequence[ArticleText]) -> list[ArticlePage]:
    """Publish each of `texts` whose slug is not taken under `index` yet, and return the new articles in that order.

    The articles may link to each other and to those that are there already. Either all are published or none.
    Raises `MarkdownError` for a category that does not exist, a field that is refused, or a link that leads nowhere.
    """
    taken = set(index.get_children().values_list("slug", flat=True))
    new = [(text, _draft(index=index, text=text)) for text in texts if text.slug not in taken]
    page_ids = dict(index.get_children().values_list("slug", "pk"))
    for text, article in new:
        article.body = text.document.blocks(page_ids=page_ids)
        article.save_revision().publish()
    return [article for _text, article in new]


def _draft(*, index: ArticleIndexPage, text: ArticleText) -> ArticlePage:
    category = Category.objects.filter(slug=text.category).first()
    if category is None:
        known = ", ".join(Category.objects.values_list("slug", flat=True))
        raise text.document.error(
            _("There is no category “%(category)s”, only: %(known)s.") % {"category": text.category, "known": known},
            field="category",
        )
    article = ArticlePage(
        title=text.title,
        slug=text.slug,
        summary=text.summary,
        category=category,
        author=text.author,
        reviewed_on=text.reviewed_on,
        reviewer=text.reviewer,
        live=False,
    )
    article.sources = [_source(text, source) for source in text.sources]
    try:
        article.full_clean(exclude=["body", "path", "depth"])  # those that it does not have yet
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise text.document.error(f"{field}: {' '.join(messages)}", field=field) from error
    index.add_child(instance=article)
    article.tags.set(text.tags)
    return article


def _source(text: ArticleText, source: SourceText) -> ArticleSource:
    made = ArticleSource(**vars(source))
    try:
        made.clean_fields(exclude=["article"])
    except ValidationError as error:
        raise text.document.error(f"“{source.title}”: {' '.join(error.messages)}", field="sources") from error
    return made
