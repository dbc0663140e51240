"""On a real site with two web processes: an old page does not outlive its change anywhere by more than two seconds."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.page_cache.newsroom import PROMISED_SECONDS, Newsroom, in_time
from tests.services.site import Site

LISTS = ["/", "/articles/", "/articles/categories/hormones/", "/articles/tags/milk/"]


@pytest.fixture(scope="module", params=["files", "redis"])
def newsroom(request: pytest.FixtureRequest, running_site: Callable[..., Site]) -> Iterator[Newsroom]:
    redis = {"REDIS_URL": request.getfixturevalue("redis_url")} if request.param == "redis" else {}
    newsroom = Newsroom(running_site(**redis))
    yield newsroom
    newsroom.stop()


def assert_shown_everywhere(newsroom: Newsroom, word: str, *, slug: str) -> None:
    """Look at everything that shows an article, so that each process has it in its memory."""
    for address in [*LISTS, f"/articles/{slug}/"]:
        assert in_time(partial(newsroom.shows, address, word)), address


def assert_hidden_everywhere(newsroom: Newsroom, word: str, *, slug: str) -> None:
    for address in [*LISTS, f"/articles/{slug}/"]:
        assert in_time(partial(newsroom.hides, address, word)), address


def test_a_published_article_shows_where_it_was_missing(newsroom: Newsroom) -> None:
    assert_hidden_everywhere(newsroom, "Colostrum", slug="colostrum")
    newsroom.do("write('Colostrum')")
    assert_shown_everywhere(newsroom, "Colostrum", slug="colostrum")


def test_a_change_of_an_article_shows(newsroom: Newsroom) -> None:
    newsroom.do("write('Foremilk')")
    assert_shown_everywhere(newsroom, "Foremilk", slug="foremilk")
    newsroom.do("a = article('Foremilk'); a.summary = a.title = 'Hindmilk'; a.save_revision().publish()")
    assert_hidden_everywhere(newsroom, "About Foremilk", slug="foremilk")
    assert_shown_everywhere(newsroom, "Hindmilk", slug="foremilk")


@pytest.mark.parametrize(
    ("title", "hide"),
    [
        ("Unpublished", "article('Unpublished').unpublish()"),
        ("Deleted", "article('Deleted').delete()"),
        (
            "Restricted",
            "PageViewRestriction.objects.create(page=article('Restricted'), restriction_type='password', password='x')",
        ),
        ("Expired", "a = article('Expired'); a.expire_at = timezone.now() - timedelta(days=1); a.save()"),
    ],
)
def test_what_is_hidden_is_gone_everywhere(newsroom: Newsroom, title: str, hide: str) -> None:
    newsroom.do(f"write('{title}')")
    assert_shown_everywhere(newsroom, title, slug=title.lower())
    newsroom.do(hide)
    assert_hidden_everywhere(newsroom, title, slug=title.lower())


def test_a_moved_article_is_gone_from_its_address(newsroom: Newsroom) -> None:
    newsroom.do("write('Wandering')")
    newsroom.do("home = ArticleIndexPage.objects.get(slug='articles').get_parent()")
    newsroom.do("home.add_child(instance=ArticleIndexPage(title='Elsewhere', slug='elsewhere'))")
    assert_shown_everywhere(newsroom, "Wandering", slug="wandering")
    newsroom.do("article('Wandering').move(ArticleIndexPage.objects.get(slug='elsewhere'), pos='last-child')")
    assert in_time(lambda: newsroom.shows("/elsewhere/wandering/", "Wandering text"))
    assert in_time(lambda: newsroom.all_read("/articles/wandering/", is_right=lambda status, _: status != 200))


def test_a_restriction_of_the_list_hides_what_is_under_it(newsroom: Newsroom) -> None:
    newsroom.do("write('Beneath')")
    assert_shown_everywhere(newsroom, "Beneath", slug="beneath")
    newsroom.do("index = ArticleIndexPage.objects.get(slug='articles')")
    newsroom.do("r = PageViewRestriction.objects.create(page=index, restriction_type='login')")
    assert_hidden_everywhere(newsroom, "Beneath", slug="beneath")
    newsroom.do("r.delete()")
    assert_shown_everywhere(newsroom, "Beneath", slug="beneath")


def test_a_renamed_category_has_its_name_everywhere(newsroom: Newsroom) -> None:
    newsroom.do("write('Filed')")
    name = newsroom.do("c = Category.objects.get(slug='hormones'); result = c.name")
    assert_shown_everywhere(newsroom, name, slug="filed")
    newsroom.do("c.name = 'Messengers'; c.save()")
    assert_shown_everywhere(newsroom, "Messengers", slug="filed")
    newsroom.do(f"c.name = {name!r}; c.save()")
    assert_shown_everywhere(newsroom, name, slug="filed")


def test_a_renamed_tag_has_its_name_everywhere(newsroom: Newsroom) -> None:
    newsroom.do("write('Tagged', tags=['milk', 'let-down'])")
    assert in_time(lambda: newsroom.shows("/articles/tagged/", "let-down"))
    newsroom.do("from taggit.models import Tag; t = Tag.objects.get(name='let-down'); t.name = 'ejection'; t.save()")
    for address in ("/articles/", "/articles/tagged/", "/articles/tags/let-down/"):
        assert in_time(partial(newsroom.shows, address, "ejection")), address


def test_a_replaced_image_is_the_one_that_shows(newsroom: Newsroom) -> None:
    newsroom.do("image = get_image_model().objects.create(title='Duct', file=get_test_image_file('wide-duct.png'))")
    figure = {"alt": "A duct", "caption": "", "credit": ""}
    newsroom.do(f"write('Illustrated', body=[('image', {{**{figure}, 'image': image}})])")
    assert in_time(lambda: newsroom.shows("/articles/illustrated/", "wide-duct"))
    newsroom.do("image.file = get_test_image_file('narrow-duct.png'); image.save(); image.renditions.all().delete()")
    assert in_time(lambda: newsroom.shows("/articles/illustrated/", "narrow-duct"))
    assert newsroom.hides("/articles/illustrated/", "wide-duct")


def test_a_new_redirect_leads_on(newsroom: Newsroom) -> None:
    newsroom.do("write('Goal')")
    newsroom.do("from wagtail.contrib.redirects.models import Redirect")
    assert in_time(lambda: newsroom.all_read("/old-goal/", is_right=lambda status, _: status == 404))
    newsroom.do("Redirect.objects.create(old_path='/old-goal', redirect_page=article('Goal'))")
    assert in_time(lambda: newsroom.all_read("/old-goal/", is_right=lambda status, _: status == 301))


def test_an_expiry_holds_from_its_moment_on_without_a_worker(newsroom: Newsroom) -> None:
    newsroom.site.kill_worker()
    try:
        newsroom.do("write('Fleeting', expire_at=timezone.now() + timedelta(seconds=4))")
        assert_shown_everywhere(newsroom, "Fleeting", slug="fleeting")
        left = newsroom.do("result = (article('Fleeting').expire_at - timezone.now()).total_seconds()")
        for address in [*LISTS, "/articles/fleeting/"]:
            hidden = in_time(partial(newsroom.hides, address, "Fleeting"), seconds=left + PROMISED_SECONDS)
            assert hidden, address
        assert newsroom.do("result = article('Fleeting').live")
    finally:
        newsroom.site.start_worker()


def test_a_scheduled_article_shows_when_its_moment_has_come(newsroom: Newsroom) -> None:
    newsroom.do("a = write('Awaited', publish=False); a.go_live_at = timezone.now() + timedelta(seconds=2)")
    newsroom.do("a.save_revision().publish()")
    assert_hidden_everywhere(newsroom, "Awaited", slug="awaited")
    # The worker looks for what is due every two seconds.
    for address in [*LISTS, "/articles/awaited/"]:
        assert in_time(partial(newsroom.shows, address, "Awaited"), seconds=10), address


@pytest.mark.parametrize(
    ("title", "change"),
    [
        ("Orphan", "article('Orphan').unpublish()"),
        # No page is changed here: the outbox knows of it as shared content.
        ("Foundling", "t = article('Foundling').tags.get(); t.name = 'renamed'; t.save()"),
    ],
)
def test_who_is_killed_right_after_the_commit_leaves_nothing_stale(newsroom: Newsroom, title: str, change: str) -> None:
    newsroom.do(f"write('{title}', tags=['{title.lower()}-tag'])")
    address = f"/articles/{title.lower()}/"
    assert in_time(lambda: newsroom.shows(address, f"{title.lower()}-tag"))
    killed = "import os; from django.db import transaction; transaction.on_commit(lambda: os._exit(9)); "
    assert newsroom.do(killed + change) is None
    # The lane of the worker may be resting from what came before: it wakes up twice a second.
    assert in_time(lambda: newsroom.hides(address, f'">{title.lower()}-tag</a>'))
