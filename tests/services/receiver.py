"""A receiver of webhooks, and of whatever else is posted: it keeps what arrives, answers as it is told, can be away."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.services.process import free_port

# A status, or something that does with the connection what it likes.
Reply = int | Callable[["Handler"], None]


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Listens on 127.0.0.1 at a port that it keeps when it is stopped and started again.

    The replies of `script` are given first, one for each request, then `always`. `connections` counts those who came as
    far as the door.
    """

    port: int = field(default_factory=free_port)
    requests: list[Request] = field(default_factory=list)
    script: list[Reply] = field(default_factory=list)
    always: Reply = 204
    connections: int = 0
    tls: ssl.SSLContext | None = None
    _server: "Server | None" = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/hook"

    def start(self) -> None:
        handler = type("BoundHandler", (Handler,), {"receiver": self})
        self._server = Server(("127.0.0.1", self.port), handler)
        self._server.receiver = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server = None


class Handler(BaseHTTPRequestHandler):
    receiver: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.requests.append(Request(self.command, self.path, headers, body))
        reply = self.receiver.script.pop(0) if self.receiver.script else self.receiver.always
        if callable(reply):
            reply(self)
            self.close_connection = True
        else:
            self.answer(reply)

    def do_BAN(self) -> None:
        self.do_POST()

    def answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it has above
        """Say nothing."""


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    receiver: Receiver

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.receiver.connections += 1
        return connection, address

    def finish_request(self, request: Any, client_address: Any) -> None:
        tls = self.receiver.tls
        super().finish_request(tls.wrap_socket(request, server_side=True) if tls else request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients hang up on it."""
