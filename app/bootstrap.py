"""Settings -> Adapters: the only place that picks implementations."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from app.adapters import Adapters
from app.broker.hints import Hints
from app.codecs.pool import CodecLimits, CodecPool
from app.config import Settings, SettingsError
from app.confined.sandbox import close_to_others
from app.db.engine import Database
from app.db.migrate import migrate
from app.domain.hosts.rules import NO_RULES, HostRules, HostRulesInvalid
from app.metrics.registry import Metrics
from app.outbound.fetch import FetchConfig, ImageFetcher
from app.outbound.guard import AddressGuard
from app.outbound.hosts_file import read_hosts_file
from app.outbound.webhook import WebhookSender
from app.samples.sample import SamplePictures
from app.storage.base import Store
from app.storage.disk import Disk
from app.storage.local import LocalStore
from app.storage.s3 import S3Store
from app.upkeep.installation import find_or_make
from app.worker.context import WorkerContext

NO_ROOM_TO_START = (
    "The setting DATA_DIR cannot be used: its disk is full, down to the reserve of the service. "
    "Free 1 MiB there and start again; then delete requests that are no longer needed."
)
# Requests that one worker process works on side by side.
LANES = 8
# What one picture may add to a codec child, which takes some 55 MB by itself: the file, and three
# times its pixels of 4 bytes, as most steps read one copy and write another. That is 630 MB at the
# defaults, so that no child ever has 700 MB; `python -m benchmarks pictures` shows what is needed.
# With fewer pixels allowed it stays there: encoders need more for a pixel than decoders do.
CODEC_BYTES_PER_PIXEL = 12
CODEC_MEMORY_BYTES_MIN = 630_000_000
CODEC_CPU_SECONDS = 12.0
# The watch looks every quarter of a second, so a picture is given up within 15 seconds.
CODEC_WALL_SECONDS = 14.0
# A process that is only slow must not lose its transactions, however short the leases are.
SILENT_SECONDS_MIN = 5.0


def build_adapters(settings: Settings, *, metrics: Metrics | None = None) -> Adapters:
    """Connect nothing yet: every adapter opens its connections at first use.

    Args:
        metrics: where this process counts; None makes a new place for it.
    Raises:
        SettingsError: HOSTS_FILE cannot be read or used.
    """
    # From here on this process has the secrets of the settings.
    close_to_others()
    metrics = metrics or Metrics()
    # Uploads pass through the temporary folder, which is memory in a container.
    metrics.watch_disk({"data": settings.data_dir, "temporary": Path(tempfile.gettempdir())})
    guard = AddressGuard(settings.fetch_allow_networks, allowed_ports=settings.fetch_ports)
    return Adapters(
        settings=settings,
        # A worker that froze loses its transactions as it loses its images.
        database=Database(
            settings.sqlalchemy_url,
            silent_seconds=max(SILENT_SECONDS_MIN, settings.lease_seconds),
        ),
        store=build_store(settings),
        disk=build_disk(settings),
        guard=guard,
        host_rules=host_rules(settings),
        webhooks=WebhookSender(guard, user_agent=settings.fetch_user_agent),
        hints=Hints(settings.redis_url),
        metrics=metrics,
    )


def host_rules(settings: Settings) -> HostRules:
    """What HOSTS_FILE says of single hosts; no rules where there is none.

    Raises:
        SettingsError: it cannot be read or used; names the file, the host and the key.
    """
    if settings.hosts_file is None:
        return NO_RULES
    try:
        return read_hosts_file(settings.hosts_file)
    except HostRulesInvalid as error:
        raise SettingsError(f"The setting HOSTS_FILE cannot be used: {error}") from None


def build_store(settings: Settings) -> Store:
    """S3 when a bucket is named, else files below DATA_DIR."""
    if settings.s3_bucket is None:
        return LocalStore(settings.data_dir / "files", settings.base_url, build_disk(settings))
    secret = settings.aws_secret_access_key
    return S3Store(
        bucket=settings.s3_bucket,
        endpoint_url=settings.s3_endpoint_url,
        region=settings.s3_region,
        access_key=settings.aws_access_key_id,
        secret_key=secret.get_secret_value() if secret is not None else None,
        public_url=settings.s3_public_url,
    )


def build_disk(settings: Settings) -> Disk:
    """That of DATA_DIR where anything of ours is on it: SQLite's database, or local files."""
    elsewhere = settings.database_url is not None and settings.s3_bucket is not None
    return Disk(None if elsewhere else settings.data_dir)


def serve_metrics(metrics: Metrics, settings: Settings) -> Callable[[], None]:
    """Answer /metrics on METRICS_PORT, where there is one; returns what ends it.

    Raises:
        SettingsError: the address cannot be listened on. A worker that nobody can look into would
            be noticed too late.
    """
    host, port = settings.metrics_host, settings.metrics_port
    if port == 0:
        return lambda: None
    try:
        return metrics.serve(host, port)
    except OSError as error:
        raise SettingsError(
            f"The setting METRICS_PORT cannot be used: {host}:{port}: {error.strerror}. Stop what "
            "uses it, or set another one for this process."
        ) from error


def prepare(adapters: Adapters) -> None:
    """Bring the tables to the newest revision and prove that the store answers; repeatable.

    From the first time on the database has an id, before it has any request. On a full disk it is
    the reserve that has room for this: whoever starts then wants to read and to delete.

    Raises:
        DatabaseUnavailable, StoreError: one of them does not; the message says why.
        SettingsError: the disk is full, and there is no reserve on it.
    """
    with adapters.disk.reserve_opened():
        if adapters.disk.is_exhausted():
            raise SettingsError(NO_ROOM_TO_START)
        migrate(adapters.database)
        find_or_make(adapters)
        adapters.store.prepare()
        adapters.store.check()


def build_worker_context(adapters: Adapters) -> WorkerContext:
    """The worker's own parts; the caller starts the codecs and closes everything."""
    settings = adapters.settings
    fetcher = ImageFetcher(
        adapters.guard,
        FetchConfig(
            timeout_seconds=settings.fetch_timeout_seconds,
            max_bytes=settings.max_image_bytes,
            # The worker counts its downloads from each host; this limit includes redirects.
            connections_per_host=max(
                settings.fetch_connections_per_host, adapters.host_rules.most_connections
            ),
            user_agent=settings.fetch_user_agent,
        ),
        rules=adapters.host_rules,
        own_file=SamplePictures(settings.base_url).find,
    )
    codecs = CodecPool(
        settings.codec_processes,
        CodecLimits(
            max_pixels=settings.max_image_pixels,
            memory_bytes=max(
                CODEC_MEMORY_BYTES_MIN,
                settings.max_image_bytes + CODEC_BYTES_PER_PIXEL * settings.max_image_pixels,
            ),
            cpu_seconds=CODEC_CPU_SECONDS,
            wall_seconds=CODEC_WALL_SECONDS,
        ),
        observe=adapters.metrics.work.codec_seconds.observe,
    )
    return WorkerContext(adapters, fetcher=fetcher, codecs=codecs, lanes=LANES)
