"""A server on Elasticsearch's port that misbehaves."""

import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

Reply = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    reply: ClassVar[Reply]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        type(self).reply(self)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST  # noqa: N815 - the names that the library looks for

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def answer(self, *, status: int = 200, content: bytes, content_type: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.end_headers()
        self.wfile.write(content)

    def answer_json(self, body: Any, *, status: int = 200) -> None:
        self.answer(status=status, content=json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it has above
        """Say nothing."""


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients hang up on it."""


@contextmanager
def faulty_server(reply: Reply) -> Iterator[str]:
    """Yield the address of a server that answers every request with `reply`."""
    handler = type("FaultyHandler", (Handler,), {"reply": staticmethod(reply)})
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
