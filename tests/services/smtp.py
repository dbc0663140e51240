"""A mail server of the tests' own, in a thread: it keeps what it is given, refuses what it is told to, can be away."""

import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.services.process import free_port


@dataclass
class Delivery:
    recipients: list[str]
    message: EmailMessage


@dataclass
class MailServer:
    """Listens on 127.0.0.1 at a port that it keeps when it is stopped and started again.

    `answers` maps the beginning of a client's line, "RCPT" or "RCPT TO:<bob" for instance, to what is answered
    instead of acceptance; "." stands for the end of a message. `before_answer` is called with each such line, and may
    take its time.
    """

    port: int = field(default_factory=free_port)
    deliveries: list[Delivery] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    before_answer: Callable[[str], object] = len
    _server: socketserver.ThreadingTCPServer | None = None

    def start(self) -> None:
        handler = type("BoundConversation", (Conversation,), {"mail_server": self})
        self._server = Listener(("127.0.0.1", self.port), handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Conversation(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs to hand over a message."""

    mail_server: MailServer

    def handle(self) -> None:
        self.recipients: list[str] = []
        self.say(self.refusal("CONNECT") or "220 here")
        while line := self.rfile.readline().decode().strip():
            if line.upper() == "QUIT":
                self.say("221 bye")
                return
            self.answer(line)

    def answer(self, line: str) -> None:
        if refusal := self.refusal(line):
            self.say(refusal)
        elif line.upper() == "DATA":
            self.say("354 go on")
            self.receive()
        else:
            if line.upper().startswith("MAIL"):
                self.recipients = []
            if line.upper().startswith("RCPT"):
                self.recipients.append(line.partition("<")[2].partition(">")[0])
            self.say("250 fine")

    def receive(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        if refusal := self.refusal("."):
            self.say(refusal)
            return
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        self.mail_server.deliveries.append(Delivery(recipients=self.recipients, message=message))
        self.say("250 kept")

    def refusal(self, line: str) -> str | None:
        self.mail_server.before_answer(line)
        for start, answer in self.mail_server.answers.items():
            if line.upper().startswith(start.upper()):
                return answer
        return None

    def say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())
