"""What search gets of an article."""

from wagtail.images.models import Image

from cms.searchable import Label, Searchable, Section
from tests.pages import ArticleFactory


def test_an_article_is_searchable(publish_article: ArticleFactory) -> None:
    article = publish_article(summary="What it does.", category="health-and-safety", tags=["Night", "élan"])
    assert isinstance(article, Searchable)
    assert article.search_summary() == "What it does."
    assert article.search_category() == Label(value="health-and-safety", label="Health & safety")
    assert article.search_tags() == [Label(value="night", label="Night"), Label(value="élan", label="élan")]


def test_every_heading_begins_a_section_after_the_lead(publish_article: ArticleFactory) -> None:
    article = publish_article(
        body=[
            ("paragraph", "<p>Before any heading.</p>"),
            ("heading", {"text": "What it does", "level": "h2"}),
            ("paragraph", "<p>It moves milk.</p>"),
            ("quote", {"text": "It flows.", "attribution": "A reader"}),
            ("heading", {"text": "In detail", "level": "h3"}),
        ]
    )
    assert article.search_sections() == [
        Section(heading="", anchor="", text="Before any heading."),
        Section(heading="What it does", anchor="what-it-does", text="It moves milk.\nIt flows.\nA reader"),
        Section(heading="In detail", anchor="in-detail", text=""),
    ]


def test_without_a_lead_the_first_section_is_the_first_heading(publish_article: ArticleFactory) -> None:
    article = publish_article(body=[("heading", {"text": "Milk", "level": "h2"})])
    assert article.search_sections() == [Section(heading="Milk", anchor="milk", text="")]


def test_rich_text_becomes_plain_words_with_space_between_them(publish_article: ArticleFactory) -> None:
    words = "<p>One &amp; two<br/>three</p><ul><li>four</li><li>five</li></ul>"
    html = f'{words}<p>H<sub>2</sub>O &lt; <a href="https://example.org/">six</a></p>'
    (section,) = publish_article(body=[("paragraph", html)]).search_sections()
    assert section.text.split() == ["One", "&", "two", "three", "four", "five", "H2O", "<", "six"]


def test_words_around_images_in_callouts_and_tables_are_found(publish_article: ArticleFactory, image: Image) -> None:
    article = publish_article(
        body=[
            ("image", {"image": image, "alt": "Two ducts", "caption": "Drawn large", "credit": "The project"}),
            ("callout", {"kind": "doctor", "text": "<p>Ask first.</p>"}),
            (
                "table",
                {
                    "columns": [{"type": "text", "heading": "Hormone"}, {"type": "rich_text", "heading": "Job"}],
                    "rows": [{"values": ["Oxytocin", "<b>Moves</b> &amp; squeezes"]}],
                    "caption": "Jobs",
                },
            ),
        ]
    )
    (section,) = article.search_sections()
    assert section.text.split("\n") == [
        "Two ducts",
        "Drawn large",
        "The project",
        "Ask first.",
        "Jobs",
        "Hormone Job",
        "Oxytocin Moves & squeezes",
    ]
