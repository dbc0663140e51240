"""Every address of the site; the rooms are named by string, so this floor imports none of them."""

from django.urls import include, path, re_path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from cms import health, media, metrics, sitemaps
from cms.api import openapi, v2
from cms.api.router import api
from cms.previews.views import preview
from cms.serving import serve_page

handler400 = "cms.errors.bad_request"
handler403 = "cms.errors.permission_denied"
handler404 = "cms.errors.page_not_found"
handler500 = "cms.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("admin/", include("cms.users.admin_urls")),
    path("admin/", include(wagtailadmin_urls)),
    # Wagtail's own has the names by which templates call them; this one answers.
    re_path(r"^documents/(\d+)/(.*)$", media.serve_document),
    path("documents/", include(wagtaildocs_urls)),
    path("media/<path:name>", media.serve, name="media"),
    path("accounts/", include("cms.users.urls")),
    path("api/openapi.json", openapi.openapi, name="openapi"),
    path("api/docs/", openapi.docs, name="api_docs"),
    path("api/v2/", include((v2.router.get_urlpatterns(), "wagtailapi"))),
    path("api/", api.urls),
    path("preview/<str:token>/", preview, name="preview"),
    path("robots.txt", sitemaps.robots, name="robots"),
    path("sitemap.xml", sitemaps.sitemap, name="sitemap"),
    path("feeds/", include("articles.urls")),
    path("search/", include("search.urls")),
    path("membership/", include("community.membership.urls")),
    path("personals/", include("community.personals.urls")),
    path("", include("cms.users.page_urls")),
    path("", include([pattern for pattern in wagtail_urls.urlpatterns if pattern.name != "wagtail_serve"])),
    re_path(wagtail_urls.serve_pattern, serve_page, name="wagtail_serve"),
]
