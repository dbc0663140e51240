from django.apps import AppConfig


class ArticlesConfig(AppConfig):
    name = "articles"

    def ready(self) -> None:
        from articles import signals  # noqa: F401 - importing it connects the receivers
        from articles.api import router
        from articles.setup import add_demo_articles, set_up_articles
        from cms.api.router import api
        from cms.setup import demo_steps, site_steps

        site_steps["articles"] = set_up_articles
        demo_steps["articles"] = add_demo_articles
        api.add_router("/articles/", router)
