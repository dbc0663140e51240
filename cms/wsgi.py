"""What the web server calls. It does not begin to serve with a configuration that `manage.py` would refuse."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")

application = get_wsgi_application()

from cms.checks import refuse_to_start  # noqa: E402 - the checks need the apps to be ready

refuse_to_start()
