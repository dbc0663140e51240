"""An editor in a process of its own, beside the web servers and the worker of a site.

    python -m tests.page_cache.editor_process

It reads lines of JSON, each a piece of Python and whether the editor is killed by it, and runs each in one transaction,
as a request would. For each it writes a line of JSON: what the piece left in `result`, or the error.
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
        script, is_killed = json.loads(line)
        try:
            names["result"] = None
            if is_killed:
                run_and_be_killed(script, names)
            else:
                with transaction.atomic():
                    exec(script, names)
            answer = {"result": names["result"]}
        except Exception:
            answer = {"error": traceback.format_exc()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def run_and_be_killed(script: str, names: dict[str, Any]) -> None:
    """Run a script in a copy of this process, which ends as soon as the database has what it did."""
    from django.db import connections, transaction

    connections.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            with transaction.atomic():
                # Whatever else is to be done after the commit comes later, and never.
                transaction.on_commit(lambda: os._exit(0))
                exec(script, names)
        finally:
            os._exit(1)
    _pid, status = os.waitpid(pid, 0)
    if status != 0:
        raise RuntimeError("It did not come as far as the commit.")


if __name__ == "__main__":
    main()
