"""An Elasticsearch server of the tests' own: the small distribution that the makers of its plugins test against, with
a plugin of this project in the place of the module `analysis-common` that it leaves out.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from elasticsearch import ApiError, TransportError
from elasticsearch import Elasticsearch as Client

from tests.services.process import MissingError, Server, find_program, free_port

VERSION = "8.19.18"
ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
OLDEST_JAVA = 17
PLUGIN = Path(__file__).with_name("AnalysisPlugin.java")
PLUGIN_DESCRIPTOR = f"""\
name=analysis-stand-in
description=The part of analysis-common that the site's index uses
version=1
classname=analysis.AnalysisPlugin
java.version={OLDEST_JAVA}
elasticsearch.version={VERSION}
"""
# A small heap and the compiler that is quick rather than thorough: a test server lives for minutes.
JVM_OPTIONS = """\
-Xms512m
-Xmx512m
-XX:+UseSerialGC
-XX:TieredStopAtLevel=1
-Djava.io.tmpdir=${ES_TMPDIR}
"""


class Elasticsearch(Server):
    name = "elasticsearch"
    variable = "TEST_ELASTICSEARCH_URL"
    ready_within = 180

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def prepare(self, folder: Path) -> Sequence[str | Path]:
        home = installed_home()
        configuration = folder / "config"
        (configuration / "jvm.options.d").mkdir(parents=True)
        (folder / "tmp").mkdir()
        (folder / "logs").mkdir()
        (configuration / "jvm.options").write_text(JVM_OPTIONS)
        shutil.copy(home / "config" / "log4j2.properties", configuration)
        settings = {
            "discovery.type": "single-node",
            "network.host": "127.0.0.1",
            "http.port": self.port,
            "transport.port": free_port(),
            "path.data": folder / "data",
            "path.logs": folder / "logs",
            "xpack.security.enabled": "false",
            # A nearly full disk is no reason to refuse a test's few documents.
            "cluster.routing.allocation.disk.threshold_enabled": "false",
        }
        lines = [f"{name}: {value}\n" for name, value in settings.items()]
        (configuration / "elasticsearch.yml").write_text("".join(lines))
        return [home / "bin" / "elasticsearch"]

    def variables(self, folder: Path) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("ES_")},
            "ES_JAVA_HOME": str(java_home()),
            "ES_PATH_CONF": str(folder / "config"),
            "ES_TMPDIR": str(folder / "tmp"),
            # For the small program that starts the server.
            "CLI_JAVA_OPTS": "-Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        }

    @staticmethod
    def answers(url: str) -> bool:
        # Not the client's info() or ping(): the small distribution leaves out what they ask.
        try:
            with Client(url, request_timeout=5, max_retries=0) as client:
                return bool(client.cluster.health()["status"] != "red")
        except (ApiError, TransportError):
            return False


def installed_home() -> Path:
    """Return the server's folder, fetching it and compiling the plugin on the first call on a machine.

    Raises:
        MissingError: A program that this takes is not installed, or the distribution cannot be fetched.
    """
    recipe = hashlib.sha256(PLUGIN.read_bytes() + PLUGIN_DESCRIPTOR.encode()).hexdigest()[:12]
    home = cache_folder() / f"elasticsearch-{VERSION}-{recipe}"
    if home.exists():
        return home
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder()) as work:
        made = fetch(Path(work))
        add_plugin(made)
        # The server runs as another user than the one who unpacks it.
        subprocess.run(["chmod", "-R", "a+rX", work], check=True)
        try:
            made.rename(home)
        except OSError:
            if not home.exists():  # Another run was quicker.
                raise
    return home


def cache_folder() -> Path:
    """Return where the server is kept between runs; root's own folders are closed to the account that runs it."""
    if os.geteuid() == 0:
        return Path("/var/cache/dreams-of-milk")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dreams-of-milk"


def fetch(work: Path) -> Path:
    maven = find_program("mvn")
    if maven is None:
        raise MissingError("Maven, which fetches Elasticsearch (package maven)")
    command = [str(maven), "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={work}"]
    result = subprocess.run(
        command,
        cwd=work,
        env={**os.environ, "JAVA_HOME": str(java_home())},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise MissingError(f"Elasticsearch {VERSION}, which Maven could not fetch:\n{result.stdout}{result.stderr}")
    with zipfile.ZipFile(next(work.glob("*.zip"))) as archive:
        archive.extractall(work)
    home = work / f"elasticsearch-{VERSION}"
    for program in (home / "bin").iterdir():
        program.chmod(0o755)  # The archive's own modes are lost on the way.
    return home


def add_plugin(home: Path) -> None:
    """Compile the plugin against the server's own libraries and put it where the server looks for plugins."""
    programs = java_home() / "bin"
    folder = home / "plugins" / "analysis-stand-in"
    folder.mkdir()
    with tempfile.TemporaryDirectory() as classes:
        libraries = f"{home / 'lib'}/*"
        java = ["--release", str(OLDEST_JAVA), "-proc:none", "-cp", libraries, "-d", classes]
        subprocess.run([str(programs / "javac"), *java, str(PLUGIN)], check=True)
        subprocess.run([programs / "jar", "cf", folder / "analysis-stand-in.jar", "-C", classes, "."], check=True)
    (folder / "plugin-descriptor.properties").write_text(PLUGIN_DESCRIPTOR)


def java_home() -> Path:
    """Return the folder of a Java development kit, `JAVA_HOME` first.

    Raises:
        MissingError: There is none, or none that is new enough.
    """
    given = os.environ.get("JAVA_HOME")
    compiler = find_program("javac", folders=[Path("/usr/lib/jvm/default-java/bin")])
    for home in [*([Path(given)] if given else []), *([compiler.resolve().parent.parent] if compiler else [])]:
        if java_version(home) >= OLDEST_JAVA:
            return home
    raise MissingError(f"a Java development kit, {OLDEST_JAVA} or newer (package default-jdk-headless)")


def java_version(home: Path) -> int:
    """Return the first number of the version, from a line like `javac 17.0.15`; 0 where there is no compiler."""
    try:
        result = subprocess.run([home / "bin" / "javac", "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.search(r"\d+", result.stdout)
    return int(found[0]) if found else 0
