"""Run a command whenever something is published: `python webhook_receiver.py 8080 python static_site.py ...`

It needs Python 3.11 and nothing else. The secrets of the webhook stand in WEBHOOK_SECRETS, separated by spaces: two of
them while one takes the place of the other. Put a server with TLS before it.

A message is written down before it is answered, so nothing is lost when this is killed, and one that comes twice counts
once. However many come while the command runs, it runs once more for all of them.
"""

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOLERANCE = 300  # seconds that a clock may be off
LONGEST_BODY = 1_000_000  # bytes
WAIT_AFTER_FAILURE = 30.0  # seconds
# Messages are tried for a day; after that, only somebody who presses a button sends one again.
REMEMBERED = 7 * 86_400  # seconds


def verify(body: bytes, headers: Mapping[str, str], *, secrets: Iterable[str], now: float) -> dict[str, Any]:
    """Return a message whose signature holds under one of the secrets, and raise `ValueError` for any other."""
    message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(now - int(timestamp)) > TOLERANCE:
        raise ValueError("too old: somebody may be sending it once more")
    signed = b".".join([message_id.encode(), timestamp.encode(), body])
    given = [signature.partition(",")[2] for signature in headers["webhook-signature"].split()]
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        if any(hmac.compare_digest(expected.encode(), signature.encode()) for signature in given):
            message: dict[str, Any] = json.loads(body)
            return message
    raise ValueError("signed with none of the secrets")


class Inbox:
    """The messages that have come, each once, in a file that outlives the process."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with self._open() as database:
            database.execute("CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, at REAL, done INTEGER)")

    def add(self, message_id: str) -> bool:
        """Write a message down; False where it is known."""
        with self._open() as database:
            added = database.execute("INSERT OR IGNORE INTO message VALUES (?, ?, 0)", (message_id, time.time()))
            return added.rowcount == 1

    def waiting(self) -> list[str]:
        with self._open() as database:
            return [message_id for (message_id,) in database.execute("SELECT id FROM message WHERE NOT done")]

    def finish(self, message_ids: list[str]) -> None:
        with self._open() as database:
            database.executemany("UPDATE message SET done = 1 WHERE id = ?", [(each,) for each in message_ids])
            database.execute("DELETE FROM message WHERE done AND at < ?", (time.time() - REMEMBERED,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection for one use: what was done is committed at the end."""
        with closing(sqlite3.connect(self._file, timeout=20)) as database, database:
            yield database


class Builder(threading.Thread):
    """Runs the command while there is something to run it for."""

    def __init__(self, inbox: Inbox, command: list[str]) -> None:
        super().__init__(daemon=True)
        self.inbox = inbox
        self.command = command
        self.news = threading.Event()
        self.news.set()  # What came before the last end may be waiting still.

    def run(self) -> None:
        while True:
            self.news.wait()
            self.news.clear()
            message_ids = self.inbox.waiting()
            if not message_ids:
                continue
            if subprocess.run(self.command, check=False).returncode == 0:
                self.inbox.finish(message_ids)
            else:
                time.sleep(WAIT_AFTER_FAILURE)
            self.news.set()


class Handler(BaseHTTPRequestHandler):
    inbox: Inbox
    builder: Builder
    secrets: list[str]

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if length > LONGEST_BODY:
            self.send_error(413)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            message = verify(self.rfile.read(length), headers, secrets=self.secrets, now=time.time())
        except (KeyError, ValueError) as error:
            self.send_error(400, explain=str(error))
            return
        is_new = self.inbox.add(headers["webhook-id"])
        print(message["type"], message["data"].get("url", ""), "" if is_new else "(known)", flush=True)
        self.builder.news.set()
        # Quickly, and before anything is built: the sender waits for ten seconds.
        self.send_response(204)
        self.end_headers()


def main() -> None:
    secrets = os.environ.get("WEBHOOK_SECRETS", "").split()
    if len(sys.argv) < 3 or not secrets:
        sys.exit("usage: WEBHOOK_SECRETS='whsec_...' webhook_receiver.py PORT COMMAND...")
    inbox = Inbox(Path("webhooks.sqlite3"))
    builder = Builder(inbox, sys.argv[2:])
    builder.start()
    handler = type("BoundHandler", (Handler,), {"inbox": inbox, "builder": builder, "secrets": secrets})
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), handler).serve_forever()


if __name__ == "__main__":
    main()
