"""What follows a commit, for tests whose own transaction never comes to one."""

from django.db import connection


def commit() -> None:
    """Do what is to be done after a commit."""
    waiting, connection.run_on_commit = connection.run_on_commit, []
    for _savepoints, action, *_ in waiting:
        action()
