import os

import environ

from .base import *  # noqa: F403
from .production import *  # noqa: F403

INSTALLED_APPS += ["library", "wagtail.api.v2", "wagtail.contrib.typed_table_block", "rest_framework"]  # noqa: F405
ROOT_URLCONF = "stock.urls_with_api"
SECRET_KEY = "for measuring alone"
ALLOWED_HOSTS = ["127.0.0.1"]
# As the site's own settings have it.
DATABASES = {"default": environ.Env.db_url_config(os.environ["DATABASE_URL"])}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {"timeout": 20, "init_command": "PRAGMA journal_mode = WAL"}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
