import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cms.pipeline.status import Status, pipeline_status

ROW = "{:<24}{:>9}{:>9}{:>9}{:>9}"


class Command(BaseCommand):
    help = "Show for each consumer what is pending, failing and dead and how far it is behind, and what is overdue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="as JSON, for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        status = pipeline_status()
        self.stdout.write(json.dumps(status, indent=2) if options["json"] else _table(status))


def _table(status: Status) -> str:
    lines = [ROW.format("consumer", "pending", "failing", "dead", "lag (s)")]
    for name, consumer in status["consumers"].items():
        lines.append(
            ROW.format(name, consumer["pending"], consumer["failing"], consumer["dead"], consumer["lag_seconds"])
        )
    overdue = status["scheduled"]["overdue"]
    late = f"Scheduled and late: {overdue}." if overdue else "Nothing that is scheduled is late."
    silence = status["worker"]["last_seen_seconds"]
    seen = (
        "No worker has been seen: start one with `manage.py run_pipeline`."
        if silence is None
        else (f"A worker was seen {silence} s ago.")
    )
    return "\n".join([*lines, "", late, seen])
