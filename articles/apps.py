from django.apps import AppConfig

SECONDS_BETWEEN_CLEARINGS = 600


class ArticlesConfig(AppConfig):
    name = "articles"

    def ready(self) -> None:
        from articles import signals  # noqa: F401 - importing it connects the receivers
        from articles.api import router
        from articles.exchange.uploads import forget_old_uploads
        from articles.setup import add_demo_articles, set_up_articles
        from cms.api.router import api
        from cms.pipeline.schedule import Periodic, periodic
        from cms.setup import demo_steps, site_steps

        site_steps["articles"] = set_up_articles
        demo_steps["articles"] = add_demo_articles
        periodic["articles_forget_uploads"] = Periodic(seconds=SECONDS_BETWEEN_CLEARINGS, run=forget_old_uploads)
        api.add_router("/articles/", router)
