"""A draft, and a link to it."""

import datetime as dt

import pytest
from django.utils import timezone

from articles.models import ArticlePage
from cms.previews.links import share
from cms.previews.models import PreviewLink
from cms.users.models import User
from tests.pages import ArticleFactory

WEEK = dt.timedelta(days=7)


@pytest.fixture
def draft(draft_article: ArticleFactory) -> ArticlePage:
    return draft_article(title="Unfinished", slug="unfinished", text="Still a draft.")


@pytest.fixture
def link(draft: ArticlePage, editor: User) -> PreviewLink:
    return share(page=draft, user=editor, lifetime=WEEK, now=timezone.now())
