"""Nothing that a reader types breaks a page, on any engine."""

import pytest
from django.test import Client

from tests.pages import ArticleFactory
from tests.search.conftest import IndexNow

QUESTIONS = [
    "", " ", "\x00", "milk\x00", "\x00" * 50, "\x1b[31mmilk", "\r\nSet-Cookie: a=b", "\ufffe\uffff",
    "\ud800", "\u202emilk", "\u200b\u200b", "\ue000milk\ue001", "\x1e\x1f", "مرحبا بالعالم",
    "حليب الثدي", "שלום", "母乳の分泌", "หน้าอก", "молоко", "🍼", "🍼🍼🍼 milk", "👩‍👩‍👧‍👦",
    "e\u0301" * 100, "ﬁrst", "Ⅷ²½", "İstanbul ıI", "ß", "a" * 100_000, "word " * 5_000, "é" * 10_000,
    '"' * 999, "(" * 500, "milk AND", "AND OR NOT", "NEAR(milk, 5)", "NEAR/2", "milk*", "*", "^milk",
    "-milk", "+milk", "- - -", "title:milk", "body : milk", "{title body} : milk", "col:", ":",
    "milk OR (honey AND", "\"unbalanced", "'unbalanced", "milk\"", "\\", "\\\\\"", "milk~99",
    "milk^9999", "[a TO b]", "/.*/", "/(a+)+$/", "_exists_:x", "*:*", "{\"query\": {\"match_all\": {}}}",
    "${jndi:ldap://x}", "{{7*7}}", "{% debug %}", "%s %d %(x)s", "%00", "%", "' OR '1'='1",
    "'; DROP TABLE search_stems; --", "1' UNION SELECT password FROM users_user --", "milk' <-> 'honey",
    "milk & | ! <->", ":*", "$$milk$$", "<script>alert(1)</script>", "<!--", "]]>", "../../etc/passwd",
    "null", "NaN", "-1", "1e309", "to be or not to be", "a-" * 400, "d-mer" * 100, "''''", "a'b'c'd",
    "`id`", "|", "milk;", "\t\t\t", "=>", "a => b",
]  # fmt: skip


@pytest.fixture
def article(publish_article: ArticleFactory, index_now: IndexNow) -> None:
    publish_article(title="Milk", text="Milk and honey.")
    index_now()


def test_there_are_enough() -> None:
    assert len(set(QUESTIONS)) >= 60


@pytest.mark.usefixtures("article")
def test_every_question_is_answered_by_the_sites_engine(client: Client, site_engine: str) -> None:
    client.raise_request_exception = False
    for question in QUESTIONS:
        asked = question.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        page = client.get("/search/", {"q": asked})
        answer = client.get("/api/search/", {"q": asked})
        chosen = client.get("/api/search/", {"q": "milk", "category": asked, "tag": asked})
        assert (page.status_code, answer.status_code, chosen.status_code) == (200, 200, 200), question[:80]
        assert (answer.json()["engine"], chosen.json()["engine"]) == (site_engine, site_engine), question[:80]


@pytest.mark.usefixtures("article")
def test_addresses_that_are_not_well_formed_are_answered(client: Client) -> None:
    client.raise_request_exception = False
    for raw in ("q=%ff%fe", "q=%u0041", "q=%", "q=%00%00", "q&q&q", "q[]=milk", "q=a&q=b", "&&&=", "%71=milk"):
        assert client.get(f"/search/?{raw}").status_code == 200, raw
        assert client.get(f"/api/search/?{raw}").status_code == 200, raw
