"""A Redis server of the tests' own."""

from collections.abc import Sequence
from pathlib import Path

from redis import Redis as Client
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.services.process import MissingError, Server, find_program


class Redis(Server):
    name = "redis"
    variable = "TEST_REDIS_URL"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def prepare(self, folder: Path) -> Sequence[str | Path]:
        program = find_program("redis-server", "valkey-server")
        if program is None:
            raise MissingError("Redis (package redis-server)")
        return [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]

    @staticmethod
    def answers(url: str) -> bool:
        try:
            with Client.from_url(url, socket_timeout=5) as client:
                return bool(client.ping())
        except RedisConnectionError:
            return False
