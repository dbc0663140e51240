from django.urls import path

from articles import feeds

app_name = "feeds"
urlpatterns = [path("articles.atom", feeds.atom, name="atom"), path("articles.json", feeds.json_feed, name="json")]
