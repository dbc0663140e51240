"""The JSON API. Rooms add their routers in AppConfig.ready(), so this floor knows none of them."""

from ninja import NinjaAPI

from cms.api.problems import register_problem_handlers

# Semantic versioning of what docs/headless.md promises: a major version for what breaks a client.
VERSION = "1.0.0"
DESCRIPTION = """
Everything that readers may see of this site, for other front ends. It is read only and needs no key.

Every address is absolute, every time is in UTC. Errors are problem documents (RFC 9457). Answers carry an entity tag:
ask again with If-None-Match, and 304 says that nothing has changed. New members may be added to answers and new types
to blocks and pages at any time: pass over those that you do not know.

Beside it stands Wagtail's own API for front ends that are made for it, with the same rules: /api/v2/pages/,
/api/v2/images/, /api/v2/documents/ and /api/v2/redirects/. Its shapes are Wagtail's, and it does not search.
"""

# Both are served by cms.api.openapi: the library's own page would load scripts from a third party.
api = NinjaAPI(
    title="Dreams of Milk",
    version=VERSION,
    description=DESCRIPTION.strip(),
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
)
register_problem_handlers(api)
