"""An editor in a process of its own, beside the web servers and the worker of a site.

    python -m tests.page_cache.editor_process

It reads lines of JSON, each a piece of Python, and runs each in one transaction, as a request would. For each it writes
a line of JSON: what the piece left in `result`, or the error.
"""

import json
import os
import sys
import traceback
from typing import Any

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
    django.setup()
    from django.db import transaction

    names: dict[str, Any] = {}
    for line in sys.stdin:
        try:
            with transaction.atomic():
                names["result"] = None
                exec(json.loads(line), names)
            answer = {"result": names["result"]}
        except Exception:
            answer = {"error": traceback.format_exc()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
