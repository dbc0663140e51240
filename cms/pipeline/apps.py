from django.apps import AppConfig


class PipelineConfig(AppConfig):
    name = "cms.pipeline"
    label = "pipeline"

    def ready(self) -> None:
        from cms.health import probes
        from cms.metrics import collectors
        from cms.pipeline import mail, old_addresses, signals  # noqa: F401 - importing the signals connects them
        from cms.pipeline.consumers import event_consumers
        from cms.pipeline.labels import labels
        from cms.pipeline.metrics import pipeline_metrics
        from cms.pipeline.schedule import Periodic, clear_sessions, periodic, prune
        from cms.pipeline.scheduled import ScheduledPublishing
        from cms.pipeline.status import worker_condition

        event_consumers[mail.CONSUMER] = mail.deliver
        labels[mail.CONSUMER] = mail.LABEL
        event_consumers[old_addresses.CONSUMER] = old_addresses.redirect_old_addresses
        labels[old_addresses.CONSUMER] = old_addresses.LABEL
        periodic["scheduled_publishing"] = Periodic(seconds=2, run=ScheduledPublishing().run)
        periodic["prune"] = Periodic(seconds=3600, run=prune)
        periodic["clear_sessions"] = Periodic(seconds=86_400, run=clear_sessions)
        probes["worker"] = worker_condition
        collectors["pipeline"] = pipeline_metrics
