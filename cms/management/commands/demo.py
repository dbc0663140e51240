import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from cms.setup import set_up_demo, set_up_site

SECONDS_TO_STOP = 10

LOG_INS = """\
Sign in as        admin@demo.test, editor@demo.test, reviewer@demo.test, moderator@demo.test,
                  or the members alice@demo.test, bob@demo.test, charlie@demo.test
Password of all   {password}"""

ADDRESSES = """\
The site          {url}/
Articles          {url}/articles/
Search            {url}/search/
Membership        {url}/membership/
Editors' admin    {url}/admin/
Mail is kept in   {mail}"""


class Command(BaseCommand):
    help = "Make the demo where it is missing, and run its web server and worker until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This runs the demo only. Set DEMO=1, or use `make demo`.")
        self._port_must_be_free()
        # Both by name: a shell starts what it runs in the background with Ctrl-C ignored.
        signal.signal(signal.SIGINT, self._interrupt)
        signal.signal(signal.SIGTERM, self._interrupt)
        try:
            self._prepare()
            self._run_servers()
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    @staticmethod
    def _port_must_be_free() -> None:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((settings.HOST, settings.PORT))
            except OSError as error:
                raise CommandError(
                    f"Cannot listen on {settings.HOST}:{settings.PORT} ({error.strerror}): set PORT to another number."
                ) from error

    def _prepare(self) -> None:
        self.stdout.write("Preparing the database and the content; the first time this takes a minute.")
        self.stdout.flush()
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        with transaction.atomic():
            set_up_site()
            set_up_demo()
        call_command("run_pipeline", once=True)

    def _run_servers(self) -> None:
        processes = [subprocess.Popen(command, cwd=settings.BASE_DIR) for command in self._commands()]
        try:
            self.stdout.write("\n" + ADDRESSES.format(url=settings.SITE_URL, mail=settings.EMAIL_FILE_PATH))
            self.stdout.write(LOG_INS.format(password=settings.DEMO_PASSWORD))
            self.stdout.write("Ctrl-C stops it; `make demo` starts it again with what is there.\n")
            self.stdout.flush()
            while all(process.poll() is None for process in processes):
                time.sleep(0.2)
        finally:
            self._end(processes)
        raise CommandError("A server stopped by itself; the lines above say why.")

    @staticmethod
    def _commands() -> list[list[str]]:
        granian = str(Path(sys.executable).with_name("granian"))
        return [
            [granian, "--interface", "wsgi", "--host", settings.HOST, "--port", str(settings.PORT), "--workers", "2",
             "--blocking-threads", "16", "--no-ws", "cms.wsgi:application"],
            [sys.executable, "manage.py", "run_pipeline"],
        ]  # fmt: skip

    @staticmethod
    def _end(processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout=SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                process.kill()

    @staticmethod
    def _interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt
