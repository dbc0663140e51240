"""What nearly every test begins with: made once a run, the way the site makes it, and copied row by row after that."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from wagtail.models import Page

from cms.pipeline.models import PageChange
from cms.pipeline.outbox import record

Row = Mapping[str, Any]
# In the place of a moment at which something was made: a copy is made later.
NOW = object()
PAGES = Page._meta.db_table
# Each test has consumers of its own: what waits for them is written down anew.
NEVER_COPIED = {PageChange._meta.db_table}


class Copy:
    """The rows that `make` leaves in the database.

    Args:
        make: What is done the first time, and wherever the rows of that time do not fit.
    """

    def __init__(self, make: Callable[[], None]) -> None:
        self._make = make
        self._changes: list[Change] | None = None

    def into_database(self) -> None:
        """Have in the database what `make` writes there."""
        if self._changes is None:
            self._changes = changes_by(self._make)
            return
        try:
            with transaction.atomic():
                for change in self._changes:
                    change.repeat()
                count_on_behind({change.table for change in self._changes})
        except IntegrityError:
            # The test has made something else before.
            self._make()
        else:
            record(
                page_ids=[key for change in self._changes if change.table == PAGES for key in change.came_and_went()]
            )


@dataclass(frozen=True)
class Change:
    """What happened to one table.

    Args:
        added: New rows.
        changed: Primary key -> the columns that are no longer the same, before and after.
        deleted: Primary keys.
    """

    table: str
    key: str
    added: list[Row]
    changed: Mapping[Any, tuple[Row, Row]]
    deleted: list[Any]

    def came_and_went(self) -> list[Any]:
        """Return the primary keys of what was added and of what was deleted."""
        return [*(row[self.key] for row in self.added), *self.deleted]

    def repeat(self) -> None:
        """Do the same again.

        Raises:
            IntegrityError: The table has not the rows that it had then.
        """
        for key in self.deleted:
            self._execute(f"DELETE FROM {quote(self.table)} WHERE {quote(self.key)} = %s", [key])
        for key, (old, new) in self.changed.items():
            known = {self.key: key, **{name: value for name, value in old.items() if value is not None}}
            settings = ", ".join(f"{quote(name)} = %s" for name in new)
            conditions = " AND ".join(f"{quote(name)} = %s" for name in known)
            statement = f"UPDATE {quote(self.table)} SET {settings} WHERE {conditions}"
            self._execute(statement, [*values(new), *values(known)])
        for row in self.added:
            names = ", ".join(quote(name) for name in row)
            places = ", ".join(["%s"] * len(row))
            self._execute(f"INSERT INTO {quote(self.table)} ({names}) VALUES ({places})", values(row))

    def _execute(self, statement: str, parameters: list[Any]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            if cursor.rowcount != 1:
                raise IntegrityError(f"{self.table} has changed")


def changes_by(make: Callable[[], None]) -> list[Change]:
    keys = keys_of_tables()
    before = {table: rows(table, key=key) for table, key in keys.items()}
    started = timezone.now()
    make()
    ended = timezone.now()

    def timeless(row: Row) -> Row:
        return {name: NOW if is_between(value, started, ended) else value for name, value in row.items()}

    changes = []
    for table, old in before.items():
        new = rows(table, key=keys[table])
        change = Change(
            table=table,
            key=keys[table],
            added=[timeless(new[key]) for key in new if key not in old],
            changed={
                key: (differing(old[key], new[key]), timeless(differing(new[key], old[key])))
                for key in new
                if key in old and new[key] != old[key]
            },
            deleted=[key for key in old if key not in new],
        )
        if new != old:
            changes.append(change)
    return changes


def differing(row: Row, other: Row) -> Row:
    return {name: value for name, value in row.items() if value != other[name]}


def count_on_behind(tables: Collection[str]) -> None:
    """Let new rows have numbers behind those of the copied ones; SQLite does so by itself."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table in tables]
    statements = connection.ops.sequence_reset_sql(no_style(), models)
    if statements:
        with connection.cursor() as cursor:
            cursor.execute(";".join(statements))


def keys_of_tables() -> dict[str, str]:
    """Return table -> primary key of what Django's models are kept in; triggers write what is left."""
    with connection.cursor() as cursor:
        names = connection.introspection.django_table_names(only_existing=True, include_views=False)
        keys = {
            name: connection.introspection.get_primary_key_column(cursor, name)
            for name in names
            if name not in NEVER_COPIED
        }
    return {name: key for name, key in keys.items() if key is not None}


def rows(table: str, *, key: str) -> dict[Any, Row]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {quote(table)}")
        names = [column.name if hasattr(column, "name") else column[0] for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {row[key]: row for row in found}


def is_between(value: Any, started: datetime, ended: datetime) -> bool:
    if not isinstance(value, datetime):
        return False
    return started <= (value if value.tzinfo else value.replace(tzinfo=UTC)) <= ended


def values(row: Row) -> list[Any]:
    now = timezone.now()
    if connection.vendor == "sqlite":
        now = now.replace(tzinfo=None)
    return [now if value is NOW else value for value in row.values()]


def quote(name: str) -> str:
    return connection.ops.quote_name(name)
