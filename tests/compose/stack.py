"""The compose stack as the smoke test drives it: the repository's files, a project of its own."""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from tests.factories import make_csv
from tests.parts.process import REPOSITORY, free_port

UP_SECONDS = 400
DONE_SECONDS = 240
IMAGE = "image-processing-service:smoke"


class Stack:
    """One project; `down(volumes=True)` leaves nothing of it."""

    def __init__(self) -> None:
        self.name = f"smoke-{secrets.token_hex(3)}"
        self.port, self.s3_port = free_port(), free_port()
        self.bucket = "pictures-of-products"
        # A range that hardly anybody uses, so that it overlaps with no network of the host.
        self.subnet = f"10.{200 + secrets.randbelow(50)}.{secrets.randbelow(250)}.0/24"
        self._folder = Path(tempfile.mkdtemp(prefix="compose-smoke-"))
        # Instead of the developer's own .env.
        (self._folder / "env").write_text("")
        kept = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "TMPDIR")
        self._environment = {name: os.environ[name] for name in kept if name in os.environ} | {
            "COMPOSE_PROJECT_NAME": self.name,
            "COMPOSE_ANSI": "never",
            "APP_IMAGE": IMAGE,
            "WEB_BIND": "127.0.0.1",
            "PORT": str(self.port),
            "S3_PORT": str(self.s3_port),
            "S3_CONSOLE_PORT": str(free_port()),
            "S3_BUCKET": self.bucket,
            "PICTURES_SUBNET": self.subnet,
            "FETCH_ALLOW_NETWORKS": self.subnet,
            "FETCH_CONNECTIONS_PER_HOST": "8",
            "LEASE_SECONDS": "10",
            "SWEEP_SECONDS": "1",
            "SHUTDOWN_GRACE_SECONDS": "5",
        }
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)

    # --- The engine ---

    def compose(self, *arguments: str, seconds: float = UP_SECONDS) -> str:
        """Run `docker compose ...` and return what it printed; fails with its words."""
        return self._docker(
            "compose",
            "--env-file",
            str(self._folder / "env"),
            *("-f", "docker-compose.yml", "-f", "tests/compose/pictures.yml"),
            *("--project-directory", "."),
            *arguments,
            seconds=seconds,
        )

    def up(self, *, workers: int = 1) -> None:
        """Start what is missing and wait until all is well."""
        wait = ("--wait", "--wait-timeout", str(UP_SECONDS))
        try:
            self.compose("up", "-d", "--no-build", *wait, "--scale", f"worker={workers}")
        except AssertionError as error:
            error.add_note(self.compose("ps", "-a"))
            error.add_note(self.compose("logs", "--tail", "30"))
            raise

    def down(self, *, volumes: bool) -> None:
        """Remove all containers and networks, and the data if asked to."""
        self.compose("down", "--remove-orphans", *(["-v"] if volumes else []))

    def close(self) -> None:
        """Remove everything, whatever happened before."""
        self.api.close()
        self.down(volumes=True)
        # The layers stay in the build cache, so the next run is as quick.
        self._docker("image", "rm", "-f", IMAGE)
        shutil.rmtree(self._folder)

    def containers(self, service: str) -> list[dict[str, Any]]:
        """`docker inspect` of a service's containers, the stopped ones, too."""
        ids = self.compose("ps", "-aq", service).split()
        return json.loads(self._docker("inspect", *ids)) if ids else []

    def kill(self, container: str) -> None:
        """SIGKILL, as the kernel does when memory runs out."""
        self._docker("kill", container)

    def inside(self, service: str, *command: str) -> str:
        """Run a command in a service's container."""
        return self.compose("exec", "-T", service, *command)

    def metrics(self, service: str) -> str:
        """What Prometheus would get from a service, over the network that is there for it."""
        program = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())"
        return self.inside("api", "python", "-c", program, f"http://{service}:9101/metrics")

    def _docker(self, *arguments: str, seconds: float = UP_SECONDS) -> str:
        done = subprocess.run(
            ["docker", *arguments],
            cwd=REPOSITORY,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    # --- The service ---

    def upload(self, urls: list[str]) -> str:
        """Upload a CSV with one product for each URL; returns the request's id."""
        cells = [[str(row), f"Product {row}", url] for row, url in enumerate(urls, 1)]
        answer = self.api.post("/upload", files={"file": ("shop.csv", make_csv(cells=cells))})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["request_id"])

    def status(self, request_id: str) -> dict[str, Any]:
        """The status document as it is now."""
        answer = self.api.get(f"/status/{request_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def wait(
        self, request_id: str, until: Callable[[dict[str, Any]], bool] = lambda s: s["finished_at"]
    ) -> dict[str, Any]:
        """Ask for the status until it is as wanted, by default at its end."""
        deadline = time.monotonic() + DONE_SECONDS
        while not until(status := self.status(request_id)):
            assert time.monotonic() < deadline, f"after {DONE_SECONDS} s: {status}"
            time.sleep(0.3)
        return status

    # --- Its databases ---

    def rows(self, sql: str) -> list[str]:
        """Ask Postgres; a line a row, `|` between columns."""
        return self.inside("postgres", "psql", "-U", "images", "-Atc", sql).splitlines()

    def s3(self) -> Any:
        """An S3 client on the published port, with the root account's generated password."""
        return boto3.client(
            "s3",
            endpoint_url=f"http://localhost:{self.s3_port}",
            region_name="us-east-1",
            aws_access_key_id=self.inside("minio", "cat", "/secrets/minio-user"),
            aws_secret_access_key=self.inside("minio", "cat", "/secrets/minio-password"),
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def open_in_browser(self, url: str) -> bytes:
        """What a browser on this machine gets from a public address."""
        answer = httpx.get(url)
        if answer.status_code != 200:
            # A store without bucket policies, such as rclone's, serves nobody unsigned; migrate has
            # said so. Signed, the very same address must work.
            assert "bucket_policy_not_set" in self.compose("logs", "migrate"), answer.text
            key = url.partition(f"/{self.bucket}/")[2]
            signed = self.s3().generate_presigned_url(
                "get_object", Params={"Bucket": self.bucket, "Key": key}
            )
            assert signed.startswith(f"{url}?")
            answer = httpx.get(signed)
        assert answer.status_code == 200, answer.text
        return answer.content
