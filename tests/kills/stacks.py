"""Both stacks, as the settings that a service gets."""

import base64
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.parts.postgres import PostgresServer
from tests.parts.redis_server import RedisServer
from tests.parts.s3_servers import S3Server, start_rclone

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "VIRTUAL_ENV", "PYTHONPATH")
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, no less").decode()
DEFAULTS = {
    "FETCH_ALLOW_NETWORKS": "127.0.0.0/8",
    "CODEC_PROCESSES": "1",
    "LEASE_SECONDS": "1",
    "SWEEP_SECONDS": "0.3",
    "SHUTDOWN_GRACE_SECONDS": "3",
    "LOG_LEVEL": "warning",
    "LOG_FORMAT": "json",
    "WEBHOOK_SECRET": WEBHOOK_SECRET,
}
EMBEDDED, FULL = "embedded", "full"


@dataclass(frozen=True)
class Stack:
    """`embedded`: one process, SQLite and files. `full`: API, worker, Postgres, Redis and S3."""

    name: str
    data_dir: Path
    settings: dict[str, str]

    @property
    def is_embedded(self) -> bool:
        return "REDIS_URL" not in self.settings

    def environment(self, port: int, **more: str) -> dict[str, str]:
        """The whole environment of a process of this stack."""
        passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        own = {"DATA_DIR": str(self.data_dir), "PORT": str(port)}
        return passed_on | DEFAULTS | own | self.settings | more


def embedded(data_dir: Path) -> Stack:
    """A fresh stack of one process."""
    return Stack(EMBEDDED, data_dir, {})


def full(data_dir: Path, postgres: PostgresServer, redis: RedisServer, s3: S3Server) -> Stack:
    """A fresh stack on these servers."""
    return Stack(
        FULL,
        data_dir,
        {
            "DATABASE_URL": postgres.new_database(),
            "REDIS_URL": redis.new_database(),
            "S3_BUCKET": s3.unused_bucket_name(),
            "S3_ENDPOINT_URL": s3.endpoint_url,
            "AWS_ACCESS_KEY_ID": s3.access_key,
            "AWS_SECRET_ACCESS_KEY": s3.secret_key,
        },
    )


@contextmanager
def own_stack(name: str, data_dir: Path) -> Iterator[Stack]:
    """A stack with servers of its own, for runs outside of pytest."""
    if name == EMBEDDED:
        yield embedded(data_dir)
        return
    with ExitStack() as servers:
        postgres, redis, s3 = PostgresServer(), RedisServer(), start_rclone()
        for server in (postgres, redis, s3):
            servers.callback(server.stop)
        yield full(data_dir, postgres, redis, s3)
