"""What the web server calls. It does not begin to serve with a configuration that `manage.py` would refuse."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")

django_application = get_wsgi_application()

# Both need the apps to be ready.
from cms.checks import refuse_to_start  # noqa: E402
from cms.page_cache.front import in_front_of  # noqa: E402

refuse_to_start()
application = in_front_of(django_application)
