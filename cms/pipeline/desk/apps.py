from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "cms.pipeline.desk"
    label = "pipeline_desk"
