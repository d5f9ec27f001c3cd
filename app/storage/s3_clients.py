"""The two clients of an S3 server: obstore for what is written, boto3 for the rest."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import obstore
from botocore.config import Config
from obstore.auth.boto3 import Boto3CredentialProvider

from app.domain.retry import STORE_CALL_ATTEMPTS, STORE_PUT_PATIENCE_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from obstore.store import S3Credential

_CONNECT_TIMEOUT_SECONDS = 5
_PUT_TIMEOUT_SECONDS = 30


def bulk_client(
    session: boto3.session.Session, endpoint_url: str | None, region: str
) -> "S3Client":
    """boto3's client for what workers do, such as lists and deletes of a thousand objects."""
    return _client(session, endpoint_url, region, silence_seconds=60)


def read_client(
    session: boto3.session.Session, endpoint_url: str | None, region: str
) -> "S3Client":
    """boto3's client for what somebody waits for: reads and signs of life."""
    return _client(session, endpoint_url, region, silence_seconds=5)


def _client(
    session: boto3.session.Session,
    endpoint_url: str | None,
    region: str,
    *,
    silence_seconds: float,
) -> "S3Client":
    return session.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=region,
        config=Config(
            s3={"addressing_style": "auto" if endpoint_url is None else "path"},
            # Many servers besides AWS do not know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=_CONNECT_TIMEOUT_SECONDS,
            read_timeout=silence_seconds,
            retries={"mode": "standard", "total_max_attempts": STORE_CALL_ATTEMPTS},
            max_pool_connections=16,
        ),
    )


def credentials_of(session: boto3.session.Session) -> "Callable[[], S3Credential]":
    """What obstore asks for keys: boto's answer, so that both clients always use the same ones."""
    if session.get_credentials() is None:
        raise ValueError("no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    return Boto3CredentialProvider(session)


def put_client(
    bucket: str, endpoint_url: str, region: str, credentials: "Callable[[], S3Credential]"
) -> obstore.store.S3Store:
    """obstore's client, for the puts."""
    parts = urlsplit(endpoint_url)
    # AWS wants the bucket in the host name, where a dot in it would not fit the certificate. All
    # other servers understand it in the path.
    in_host = (parts.hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn"))
    in_host = in_host and "." not in bucket
    if in_host:
        endpoint_url = f"{parts.scheme}://{bucket}.{parts.netloc}"
    return obstore.store.S3Store(
        bucket,
        endpoint=endpoint_url,
        # The next two would come from the environment and overrule ours.
        aws_endpoint_url_s3=endpoint_url,
        skip_signature=False,
        region=region,
        virtual_hosted_style_request=in_host,
        # TLS guards the bytes; hashing them once more only costs CPU.
        unsigned_payload=True,
        credential_provider=credentials,
        client_options={
            "allow_http": parts.scheme == "http",
            "connect_timeout": timedelta(seconds=_CONNECT_TIMEOUT_SECONDS),
            "timeout": timedelta(seconds=_PUT_TIMEOUT_SECONDS),
            # Shorter than the keep-alive of common servers and balancers (60 s).
            "pool_idle_timeout": timedelta(seconds=30),
        },
        retry_config={
            "max_retries": STORE_CALL_ATTEMPTS - 1,
            "retry_timeout": timedelta(seconds=STORE_PUT_PATIENCE_SECONDS),
        },
    )
