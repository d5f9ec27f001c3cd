"""A Redis server of our own, in memory only."""

import itertools

import redis

from tests.parts.process import ServerProcess, find_program, free_port, private_folder

DATABASES = 64


class RedisServer:
    """One running server with numbered databases."""

    def __init__(self) -> None:
        program = find_program("redis-server", install="apt-get install redis-server")
        folder = private_folder("redis")
        self._port = free_port()
        self._numbers = itertools.count()
        command = [program, "--bind", "127.0.0.1", "--port", str(self._port), "--save", ""]
        self._process = ServerProcess(
            "Redis",
            [*command, "--appendonly", "no", "--databases", str(DATABASES), "--dir", str(folder)],
            folder=folder,
            answers=lambda: self._client(0).ping(),
        )

    def new_database(self) -> str:
        """The URL of an empty database; they come round again after 64."""
        number = next(self._numbers) % DATABASES
        self._client(number).flushdb()
        return f"redis://127.0.0.1:{self._port}/{number}"

    def stop(self) -> None:
        """End the server."""
        self._process.stop()

    def _client(self, number: int) -> redis.Redis:
        return redis.Redis("127.0.0.1", self._port, db=number, socket_timeout=5)
