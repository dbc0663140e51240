"""Articles from files into the site: all of them or none."""

from pathlib import Path

import pytest
from django.test import Client

from articles.importing import import_articles
from articles.markdown import ArticleText, MarkdownError, read_article
from articles.models import ArticleIndexPage, ArticlePage
from tests.pages import ArticleFactory


def text_of(folder: Path, slug: str, *, body: str = "Text.", **fields: str) -> ArticleText:
    lines = {
        "title": slug.title(),
        "slug": slug,
        "summary": f"About {slug}.",
        "category": "hormones",
        "author": "The editorial team",
        **fields,
    }
    path = folder / f"{slug}.md"
    path.write_text("---\n" + "".join(f"{name}: {value}\n" for name, value in lines.items()) + f"---\n{body}\n")
    return read_article(path)


def test_articles_link_to_each_other_in_any_order(
    client: Client, article_index: ArticleIndexPage, tmp_path: Path
) -> None:
    texts = [
        text_of(
            tmp_path, "one", body="To [two](article:two).", tags="[milk]", sources="[{title: A study, year: 1996}]"
        ),
        text_of(tmp_path, "two", body="Back to [one](article:one)."),
    ]
    one, two = import_articles(index=article_index, texts=texts)
    assert [one.slug, two.slug] == ["one", "two"]
    page = client.get("/articles/one/").content.decode()
    assert '<a href="/articles/two/">two</a>' in page
    assert "A study" in page
    assert '<a href="/articles/one/">one</a>' in client.get("/articles/two/").content.decode()
    assert client.get("/articles/tags/milk/").status_code == 200


def test_an_article_that_is_there_stays_and_can_be_linked_to(
    client: Client, publish_article: ArticleFactory, article_index: ArticleIndexPage, tmp_path: Path
) -> None:
    publish_article(title="Mine", slug="one")
    texts = [text_of(tmp_path, "one"), text_of(tmp_path, "two", body="To [one](article:one).")]
    assert [article.slug for article in import_articles(index=article_index, texts=texts)] == ["two"]
    assert ArticlePage.objects.get(slug="one").title == "Mine"
    assert 'href="/articles/one/"' in client.get("/articles/two/").content.decode()


@pytest.mark.parametrize(
    ("fields", "line", "message"),
    [
        ({"category": "nonsense"}, 5, "no category “nonsense”"),
        ({"summary": "x" * 251}, 4, "summary: "),
        ({"slug": "tags"}, 3, "slug: "),
        ({"slug": "not a slug"}, 3, "slug: "),
        ({"sources": "[{title: A, url: nowhere}]"}, 7, "“A”: Enter a valid URL."),
        ({"body": "To [x](article:nowhere)."}, 8, "no article “nowhere”"),
    ],
)
def test_one_wrong_file_changes_nothing(
    article_index: ArticleIndexPage, tmp_path: Path, fields: dict[str, str], line: int, message: str
) -> None:
    texts = [text_of(tmp_path, "right"), text_of(tmp_path, **{"slug": "wrong", **fields})]
    with pytest.raises(MarkdownError) as caught:
        import_articles(index=article_index, texts=texts)
    assert message in str(caught.value)
    assert caught.value.line == line
    assert not ArticlePage.objects.exists()
