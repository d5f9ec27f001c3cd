"""Settings: every variable of the environment or `.env`, with unit, bounds and default."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, InstanceOf, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import setting_values
from app.setting_values import PROJECT_FOLDER as PROJECT_FOLDER
from app.setting_values import Network

# Their values may be a password, or have one inside: no message repeats them.
SECRETS = frozenset(
    {
        "API_KEYS",
        "AWS_SECRET_ACCESS_KEY",
        "DATABASE_URL",
        "METRICS_TOKEN",
        "REDIS_URL",
        "WEBHOOK_SECRET",
        "WEBHOOK_URL",
    }
)

# Each of them, set, picks another store than the local disk: `bootstrap.build_store` knows which.
STORE_SETTINGS = ("S3_BUCKET",)
# For sentences that send the operator to the settings of the store.
STORE_ADVICE = f"{', '.join(STORE_SETTINGS)} and DATA_DIR"


class SettingsError(Exception):
    """A setting has an impossible value; the message is one sentence for the operator."""


class Settings(BaseSettings):
    """The whole configuration. Field descriptions are the documentation of each variable."""

    model_config = SettingsConfigDict(
        env_file=PROJECT_FOLDER / ".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    host: str = Field("127.0.0.1", description="Address that the API listens on.")
    port: int = Field(8000, ge=0, le=65_535, description="Port that the API listens on; 0: any.")
    data_dir: Path = Field(
        Path("data"),
        description="Folder for the SQLite database and local files; a relative path starts at "
        "the project's folder.",
    )
    database_url: str | None = Field(
        None,
        repr=False,
        description="postgresql://user:password@host/name; unset: SQLite in DATA_DIR.",
    )
    redis_url: str | None = Field(
        None,
        repr=False,
        description="redis://host:6379/0 for Celery; unset: embedded, no broker needed.",
    )

    s3_bucket: str | None = Field(
        None, description="Bucket for all files; unset: local files in DATA_DIR."
    )
    s3_endpoint_url: str | None = Field(
        None, description="Address of an S3 server other than AWS, such as http://minio:9000."
    )
    s3_public_url: str | None = Field(
        None,
        description="Put before an object's key as it is to make its public address; "
        "default: endpoint/bucket.",
    )
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    aws_access_key_id: str | None = Field(
        None, description="Key of the S3 account; unset: the usual AWS sources."
    )
    aws_secret_access_key: SecretStr | None = Field(
        None, description="Secret of the S3 account; unset: the usual AWS sources."
    )

    public_base_url: str | None = Field(
        None,
        description="Base of the links that the API hands out, such as https://images.example; "
        "default: http://HOST:PORT.",
    )
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Comma list of API keys; set: every route but health, docs and published "
        "images needs one, and each key sees only its own requests.",
    )

    trusted_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Comma list of names under which a service without API keys answers, besides "
        "localhost and that of PUBLIC_BASE_URL, such as pictures.example, *.shop.example or "
        "192.168.1.5; *: every name.",
    )

    fetch_allow_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        (),
        description="Comma list of CIDRs that may be fetched although they are not public, "
        "such as 10.1.0.0/16.",
    )
    fetch_ports: Annotated[tuple[InstanceOf[range], ...], NoDecode] = Field(
        "80,443,1024-65535",
        validate_default=True,
        description="Comma list of ports and ranges of ports that images are fetched from and "
        "webhooks sent to.",
    )
    fetch_timeout_seconds: float = Field(
        30.0, gt=0, le=600, description="Whole fetch of one image with redirects, in seconds."
    )
    fetch_max_attempts: int = Field(
        4, ge=1, le=20, description="Attempts at an image before it counts as failed."
    )
    host_patience_seconds: float = Field(
        900.0,
        gt=0,
        le=86_400,
        description="How long an image host that refuses (429, 503) is waited for, counted from "
        "its last good answer, in seconds.",
    )
    fetch_connections_per_host: int = Field(
        32, ge=1, le=256, description="Connections to one image host at a time, per worker."
    )
    fetch_user_agent: str = Field(
        "ImageProcessingService/0.1",
        min_length=1,
        max_length=200,
        description="User-Agent header of fetches and webhooks.",
    )
    hosts_file: Path | None = Field(
        None,
        description="TOML file of what single image hosts ask for: headers, user agent, rate; a "
        "relative path starts at the project's folder.",
    )

    max_image_bytes: int = Field(
        30_000_000, gt=0, le=1_000_000_000, description="Largest image file fetched, in bytes."
    )
    max_image_pixels: int = Field(
        50_000_000, gt=0, le=500_000_000, description="Largest image decoded, in pixels."
    )
    max_upload_bytes: int = Field(500_000_000, gt=0, description="Largest CSV accepted, in bytes.")
    max_rows: int = Field(2_000_000, gt=0, description="Most rows accepted in one CSV.")

    uploads_per_minute: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="Uploads that each API key may make in a minute; 0: no limit.",
    )
    max_open_images: int = Field(
        0,
        ge=0,
        description="Images of each API key that may wait or be in work at once; 0: no limit.",
    )

    codec_processes: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        le=256,
        description="Child processes that decode and encode; default: one per core.",
    )
    lease_seconds: float = Field(
        60.0,
        ge=1,
        le=3_600,
        description="How long a worker holds an image without a sign of life before another "
        "worker takes it, in seconds.",
    )
    sweep_seconds: float = Field(
        5.0,
        ge=0.1,
        le=600,
        description="Pause between two sweeps for expired leases and stalled work, in seconds.",
    )
    shutdown_grace_seconds: float = Field(
        30.0,
        ge=0,
        le=600,
        description="How long a stopping worker finishes images in flight, in seconds.",
    )

    webhook_url: str | None = Field(
        None, repr=False, description="Webhook of requests that name none of their own."
    )
    webhook_secret: SecretStr | None = Field(
        None,
        description="Key of the webhooks' signatures: whsec_ and base64 of 24 to 64 bytes; "
        "unset: webhooks go out unsigned.",
    )

    retention_days: float = Field(
        0,
        ge=0,
        le=36_500,
        description="Delete finished requests after this number of days; 0: keep.",
    )
    orphan_sweep: Literal["on", "off"] = Field(
        "on",
        description="Remove files of requests that the database does not know, a day old or more; "
        "off: leave them.",
    )
    metrics_host: str = Field(
        "127.0.0.1", description="Address that a process answers on at METRICS_PORT."
    )
    metrics_port: int = Field(
        0,
        ge=0,
        le=65_535,
        description="Port on which a worker, or an API that starts none beside it, answers "
        "/metrics without an API key; 0: none.",
    )
    metrics_token: SecretStr | None = Field(
        None,
        description="Asked for at /metrics of the API's own port, instead of an API key; unset: an "
        "API key will do as long as it is the only one.",
    )
    celery_events: bool = Field(
        False,
        description="Workers tell Redis of each Celery task and that they are there, which Flower "
        "shows.",
    )
    log_format: Literal["console", "json"] = Field("console", description="Form of log lines.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )

    _split = field_validator("api_keys", mode="before")(setting_values.split)
    _keys = field_validator("api_keys")(setting_values.api_keys)
    _token = field_validator("metrics_token")(setting_values.long_secret)
    _hosts = field_validator("trusted_hosts", mode="before")(setting_values.host_names)
    _networks = field_validator("fetch_allow_networks", mode="before")(setting_values.networks)
    _ports = field_validator("fetch_ports", mode="before")(setting_values.ports)
    _lower = field_validator("orphan_sweep", "log_format", "log_level", mode="before")(
        setting_values.lower
    )
    _absolute = field_validator("data_dir", "hosts_file")(setting_values.absolute)
    _database = field_validator("database_url")(setting_values.database)
    _broker = field_validator("redis_url")(setting_values.broker)
    _web_address = field_validator(
        "s3_endpoint_url", "s3_public_url", "public_base_url", "webhook_url"
    )(setting_values.web_address)
    _secret = field_validator("webhook_secret")(setting_values.signing_secret)

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address with SQLAlchemy's driver name in it."""
        if self.database_url is None:
            return f"sqlite:///{self.data_dir / 'service.db'}"
        scheme, rest = self.database_url.split("://", 1)
        return (
            f"postgresql+psycopg://{rest}"
            if scheme.startswith("postgres")
            else (f"{scheme}://{rest}")
        )

    @property
    def base_url(self) -> str:
        """Where clients reach the API, without a slash at the end."""
        if self.public_base_url is not None:
            return self.public_base_url
        # An address that means "every interface" is none that a browser can open.
        host = "localhost" if self.host in {"0.0.0.0", "::", ""} else self.host  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def load_settings(**overrides: Any) -> Settings:
    """Read the environment and `.env`.

    Raises:
        SettingsError: a value is impossible; names the variable, its value and what is allowed.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError(_one_sentence(error)) from None


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()


def _one_sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]).upper() if first["loc"] else "A setting"
    secret = name in SECRETS
    shown = "" if secret else f" is {first['input']!r}, but"
    reason = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"The setting {name}{shown or ' cannot be used:'} {reason[0].lower()}{reason[1:]}."
