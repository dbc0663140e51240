"""On a real site with two web processes: an old page does not outlive its change anywhere by more than two seconds.

Each look at the surfaces has both processes keep them as they are then, for the next change to end.
"""

import re

import pytest

from tests.page_cache.newsroom import Newsroom
from tests.page_cache.surfaces import (
    HTML_LISTS,
    LISTS,
    SEARCHES,
    SUBJECT,
    WORKER_SECONDS,
    does_not_lead_to,
    hidden,
    hides,
    is_answered_with,
    shown,
    shows,
)


def test_a_change_of_its_words_shows_everywhere(newsroom: Newsroom, subject: str) -> None:
    newsroom.do("a = article('colostrum'); a.title = 'Foremilk'; a.summary = 'It is.'; a.body = []")
    newsroom.do("a.body.append(('paragraph', '<p>How it flows.</p>')); a.save_revision().publish()")
    assert newsroom.wrong(shown("Foremilk", slug=subject)) == {}
    assert newsroom.wrong({**hidden(SUBJECT), "/sitemap.xml": shows(subject)}) == {}
    newsroom.do("a.title = 'Colostrum'; a.save_revision().publish()")
    assert newsroom.wrong(shown(SUBJECT)) == {}


@pytest.mark.parametrize(
    ("hide", "show"),
    [
        ("article('colostrum').unpublish()", "article('colostrum').get_latest_revision().publish()"),
        (
            "r = PageViewRestriction(page=article('colostrum'), restriction_type='password', password='x'); r.save()",
            "r.delete()",
        ),
        ("r = PageViewRestriction(page=index, restriction_type='login'); r.save()", "r.delete()"),
        (
            "a = article('colostrum'); a.expire_at = timezone.now() - timedelta(days=1); a.save()",
            "a = article('colostrum'); a.expire_at = None; a.expired = False; a.save_revision().publish()",
        ),
    ],
    ids=["unpublished", "restricted", "under a restriction", "expired"],
)
def test_what_is_hidden_is_gone_everywhere_and_comes_back(
    newsroom: Newsroom, subject: str, hide: str, show: str
) -> None:
    newsroom.do(hide)
    assert newsroom.wrong(hidden(SUBJECT)) == {}
    newsroom.do(show)
    assert newsroom.wrong(shown(SUBJECT)) == {}


def test_a_deleted_article_is_gone_everywhere(newsroom: Newsroom) -> None:
    newsroom.do("write('Transitory')")
    assert newsroom.wrong(shown("Transitory")) == {}
    newsroom.do("article('transitory').delete()")
    assert newsroom.wrong(hidden("Transitory")) == {}


def test_a_moved_article_is_at_its_new_address_alone(newsroom: Newsroom, subject: str) -> None:
    newsroom.do("home = index.get_parent(); home.add_child(instance=ArticleIndexPage(title='Elsewhere'))")
    newsroom.do("article('colostrum').move(ArticleIndexPage.objects.get(slug='elsewhere'), pos='last-child')")
    gone = dict.fromkeys([*LISTS, *SEARCHES, "/sitemap.xml"], does_not_lead_to(f"/articles/{subject}/"))
    assert newsroom.wrong({**shown(SUBJECT, under="elsewhere"), "/articles/colostrum/": is_answered_with(301)}) == {}
    assert newsroom.wrong(gone) == {}
    newsroom.do("article('colostrum').move(index.specific, pos='last-child')")
    assert newsroom.wrong({**shown(SUBJECT), "/elsewhere/colostrum/": is_answered_with(301)}) == {}


def test_what_pages_show_besides_is_new_on_all_of_them(newsroom: Newsroom, subject: str) -> None:
    pages = [*HTML_LISTS, f"/articles/{subject}/"]
    newsroom.do("c = Category.objects.get(slug='hormones'); name = c.name; c.name = 'Messengers'; c.save()")
    assert newsroom.wrong(dict.fromkeys([*pages, "/api/articles/", "/feeds/articles.atom"], shows("Messengers"))) == {}
    newsroom.do("c.name = name; c.save()")
    assert newsroom.wrong(dict.fromkeys(pages, hides("Messengers"))) == {}
    newsroom.do("t = Tag.objects.get(name='milk'); t.name = 'fluid'; t.save()")
    with_tag = ["/articles/", "/articles/tags/milk/", f"/articles/{subject}/", f"/api/articles/{subject}/"]
    assert newsroom.wrong(dict.fromkeys(with_tag, shows("fluid"))) == {}
    newsroom.do("t.name = 'milk'; t.save()")
    assert newsroom.wrong(dict.fromkeys(with_tag, hides("fluid"))) == {}
    newsroom.do("SiteSettings.objects.create(site=Site.objects.get(), footer_text='Words for all')")
    assert newsroom.wrong(dict.fromkeys([*pages, "/api/site/"], shows("Words for all"))) == {}


def test_a_replaced_image_is_the_one_that_shows(newsroom: Newsroom) -> None:
    newsroom.do("image = get_image_model().objects.create(title='Duct', file=get_test_image_file('wide-duct.png'))")
    figure = {"alt": "A duct", "caption": "", "credit": ""}
    newsroom.do(f"write('Illustrated', body=[('image', {{**{figure}, 'image': image}})])")
    addresses = ["/articles/illustrated/", "/api/articles/illustrated/", "/feeds/articles.json"]
    assert newsroom.wrong(dict.fromkeys(addresses, shows("wide-duct"))) == {}
    newsroom.do("image.file = get_test_image_file('narrow-duct.png'); image.save(); image.renditions.all().delete()")
    assert newsroom.wrong(dict.fromkeys(addresses, shows("narrow-duct"))) == {}
    assert newsroom.wrong(dict.fromkeys(addresses, hides("wide-duct"))) == {}
    # Nothing but the smaller files that pages name is gone now.
    newsroom.do("image.renditions.all().delete()")

    def names_what_is_there(_status: int, text: str) -> bool:
        files = re.findall(r'/media/[^" ]+', text)
        return bool(files) and {newsroom.read_status(file) for file in files} == {200}

    assert newsroom.wrong({addresses[0]: names_what_is_there}) == {}


def test_a_new_redirect_leads_on(newsroom: Newsroom) -> None:
    addresses = ["/old-home/", "/api/redirects/find/?path=/old-home/"]
    assert newsroom.wrong(dict.fromkeys(addresses, is_answered_with(404))) == {}
    newsroom.do("Redirect.objects.create(old_path='/old-home', redirect_page=Site.objects.get().root_page)")
    assert newsroom.wrong(dict(zip(addresses, map(is_answered_with, (301, 200)), strict=True))) == {}


def test_an_expiry_holds_from_its_moment_on_without_a_worker(newsroom: Newsroom) -> None:
    newsroom.site.kill_worker()
    newsroom.do("write('Fleeting', expire_at=timezone.now() + timedelta(seconds=2))")
    newsroom.visit(list(shown("Fleeting")))
    left = newsroom.do("result = (article('fleeting').expire_at - timezone.now()).total_seconds()")
    assert newsroom.wrong(hidden("Fleeting"), after=left) == {}
    assert newsroom.do("result = article('fleeting').live")
    newsroom.site.start_worker()


def test_a_scheduled_article_shows_when_its_moment_has_come(newsroom: Newsroom) -> None:
    newsroom.do("write('Awaited', publish=False); a = article('awaited').get_latest_revision_as_object()")
    newsroom.do("a.go_live_at = timezone.now() + timedelta(seconds=1); a.save_revision().publish()")
    newsroom.visit(list(shown("Awaited")))
    assert newsroom.wrong(shown("Awaited"), after=1, within=WORKER_SECONDS) == {}


@pytest.mark.parametrize(
    ("title", "change"),
    [
        ("Orphan", "article('orphan').unpublish()"),
        # No page is changed here: the outbox knows of it as shared content.
        ("Foundling", "t = Tag.objects.get(name='foundling-tag'); t.name = 'renamed'; t.save()"),
    ],
)
def test_who_is_killed_right_after_the_commit_leaves_nothing_stale(newsroom: Newsroom, title: str, change: str) -> None:
    slug, tag = title.lower(), f"{title.lower()}-tag"
    newsroom.do(f"write('{title}', tags=['{tag}'])")
    with_tag = [f"/articles/{slug}/", f"/api/articles/{slug}/", "/articles/"]
    assert newsroom.wrong(dict.fromkeys(with_tag, shows(tag))) == {}
    newsroom.do(change, is_killed=True)
    gone = {f"/articles/{slug}/": hides(f">{tag}</a>"), f"/api/articles/{slug}/": hides(f'"label": "{tag}"')}
    assert newsroom.wrong(gone, within=WORKER_SECONDS) == {}
