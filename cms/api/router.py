"""The JSON API. Rooms add their routers in AppConfig.ready(), so this floor knows none of them."""

from ninja import NinjaAPI

from cms.api.problems import register_problem_handlers

# The interactive docs come with the headless side; they would load scripts from a third party.
api = NinjaAPI(title="Dreams of Milk", version="1.0", docs_url=None, openapi_url=None, urls_namespace="api")
register_problem_handlers(api)
