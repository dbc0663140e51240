from django.apps import AppConfig

SECONDS_BETWEEN_CLEARINGS = 86_400


class PreviewsConfig(AppConfig):
    name = "cms.previews"
    label = "previews"

    def ready(self) -> None:
        from cms.pipeline.schedule import Periodic, periodic
        from cms.previews.links import forget_old_links

        periodic["previews_forget"] = Periodic(seconds=SECONDS_BETWEEN_CLEARINGS, run=forget_old_links)
