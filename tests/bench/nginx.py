"""nginx with static files: how fast this machine can send bytes that are already there."""

import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.services.process import MissingError, Server, find_program

CONFIGURATION = """\
daemon off;
worker_processes 2;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    types {{ text/html html; application/json json; }}
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    client_body_temp_path {folder}/temporary;
    proxy_temp_path {folder}/temporary;
    fastcgi_temp_path {folder}/temporary;
    uwsgi_temp_path {folder}/temporary;
    scgi_temp_path {folder}/temporary;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/files;
    }}
}}
"""


class Nginx(Server):
    name = "nginx"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def prepare(self, folder: Path) -> Sequence[str | Path]:
        program = find_program("nginx", folders=[Path("/usr/sbin"), Path("/usr/local/sbin")])
        if program is None:
            raise MissingError("nginx (package nginx)")
        (folder / "files").mkdir()
        configuration = folder / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(folder=folder, port=self.port))
        return [program, "-c", configuration, "-e", folder / "error.log"]

    @staticmethod
    def answers(url: str) -> bool:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return True  # It is there, and has no page for the root.
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return True

    def serve(self, name: str, body: bytes) -> str:
        """Have it serve a file, and return the address."""
        path = self.folder / "files" / name
        path.write_bytes(body)
        path.chmod(0o644)
        return f"{self.url}/{name}"
