"""Objects in an S3 bucket: AWS, MinIO or any other server that speaks S3.

Images go out through obstore, which costs a fifth of boto3's CPU per put; everything rarer goes
through boto3 (docs/decisions/0003-obstore-for-puts.md).
"""

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import quote, urlsplit

import boto3
import obstore
import structlog
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.exceptions import BaseError as ObstoreError
from s3transfer.exceptions import RetriesExceededError

from app.storage.base import ObjectMissing, StoreError
from app.storage.local import IMAGE_CACHE_CONTROL, checked_key, checked_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from obstore.store import S3Credential

log = structlog.get_logger(__name__)

# Only what lies below a request's id is meant for everybody. The ids are UUIDs of version 7, which
# begin with the time and so with a 0 until the year 2527; `uploads/` and `originals/` never match.
# `?` for one character would say it more closely, but not every S3 server knows it.
_PUBLISHED_OBJECTS = "0*-*-*-*-*/*"

# No key of ours starts with a dot, so the probe can never meet a real object.
_PROBE_KEY = ".writable"

_CONNECT_TIMEOUT_SECONDS = 5
_PUT_TIMEOUT_SECONDS = 30

# Covers a dropped keep-alive connection and a short hiccup; longer outages are the image's own
# attempts in the database, which do not hold a place in the pipe while they wait.
_PUT_RETRIES = 2
_PUT_RETRY_WINDOW_SECONDS = 20

_TRANSFER = TransferConfig(
    multipart_threshold=16 * 2**20, multipart_chunksize=16 * 2**20, max_concurrency=4
)


class S3Store:
    """A `Store` in one bucket; published objects are read straight from it or from a CDN before it.

    Both clients are made once and may be used from several threads and event loops.

    Args:
        bucket: its name; `ensure_bucket` makes it when it is missing.
        endpoint_url: the server's address; None means AWS.
        region: None means what the environment says, else us-east-1.
        access_key: None together with `secret_key` means boto's own chain of credentials.
        public_url: what stands before the key in published addresses; None means endpoint/bucket.
    Raises:
        StoreError: the settings cannot work: no credentials anywhere, an endpoint that is no URL.
    """

    def __init__(
        self,
        bucket: str,
        endpoint_url: str | None,
        region: str | None,
        access_key: str | None,
        secret_key: str | None,
        public_url: str | None,
    ) -> None:
        session = boto3.session.Session(
            aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=region
        )
        self._bucket = bucket
        self._region = session.region_name or "us-east-1"
        try:
            self._client: S3Client = session.client(
                "s3",
                endpoint_url=endpoint_url,
                region_name=self._region,
                config=Config(
                    s3={"addressing_style": "auto" if endpoint_url is None else "path"},
                    # Many servers besides AWS do not know the newer checksums.
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                    connect_timeout=_CONNECT_TIMEOUT_SECONDS,
                    read_timeout=60,
                    retries={"mode": "standard", "total_max_attempts": 3},
                    max_pool_connections=16,
                ),
            )
            credentials = _credentials(session)
        except (BotoCoreError, ValueError) as error:
            raise StoreError(f"the S3 settings cannot work: {_one_line(str(error))}") from error
        self._endpoint_url = self._client.meta.endpoint_url.rstrip("/")
        self._public_url = (public_url or f"{self._endpoint_url}/{bucket}").rstrip("/")
        self._images = _image_client(bucket, self._endpoint_url, self._region, credentials)
        self._was_writable = False

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        """Write a published image with its content type and the cache header."""
        checked_key(key)
        with self._as_store_error("put an image"):
            await obstore.put_async(
                self._images,
                key,
                data,
                attributes={"Content-Type": content_type, "Cache-Control": IMAGE_CACHE_CONTROL},
                use_multipart=False,
            )

    def put_file(self, key: str, source: BinaryIO, *, content_type: str) -> None:
        """Write a large private object in parts, from the source's current position."""
        checked_key(key)
        with self._as_store_error("put a file"):
            self._client.upload_fileobj(
                cast(BinaryIO, _KeptOpen(source)),
                self._bucket,
                key,
                ExtraArgs={"ContentType": content_type},
                Config=_TRANSFER,
            )

    def open(self, key: str) -> BinaryIO:
        """Copy the object into a nameless temporary file; raises ObjectMissing without one."""
        checked_key(key)
        file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
        try:
            with self._as_store_error("read a file"):
                try:
                    self._client.download_fileobj(self._bucket, key, file, Config=_TRANSFER)
                except ClientError as error:
                    if _http_status(error) == 404:
                        raise ObjectMissing(key) from error
                    raise
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that start with `prefix`, fetched a thousand at a time."""
        for page in self._pages(prefix):
            yield from page

    def delete_prefix(self, prefix: str) -> int:
        """Delete what starts with `prefix`, a thousand objects a call.

        Raises:
            ValueError: the prefix is empty, which would mean everything.
        """
        if not prefix:
            raise ValueError("an empty prefix would delete the whole store")
        deleted = 0
        for page in self._pages(prefix):
            with self._as_store_error("delete objects"):
                answer = self._client.delete_objects(
                    Bucket=self._bucket,
                    Delete={"Objects": [{"Key": key} for key in page], "Quiet": True},
                )
            if errors := answer.get("Errors"):
                code = errors[0].get("Code", "no reason given")
                raise StoreError(f"{self} did not delete {len(errors)} objects: {code}")
            deleted += len(page)
        return deleted

    def public_url(self, key: str) -> str:
        """The address under which the bucket, or what stands before it, shows this object."""
        return f"{self._public_url}/{quote(checked_key(key))}"

    def check(self) -> None:
        """Ask for the bucket each time, and write and delete a probe until that worked once.

        Only once, because /readyz asks every few seconds and each write would stay for ever in a
        bucket with versions.
        """
        with self._as_store_error("find the bucket"):
            self._client.head_bucket(Bucket=self._bucket)
        if not self._was_writable:
            with self._as_store_error("write to the bucket"):
                obstore.put(self._images, _PROBE_KEY, b"writable", use_multipart=False)
                self._client.delete_object(Bucket=self._bucket, Key=_PROBE_KEY)
            self._was_writable = True

    def ensure_bucket(self) -> None:
        """Make the bucket when it is missing, and let anybody read the published images in it.

        A policy that somebody has put on the bucket stays as it is. A store that knows no policies,
        or forbids public ones, is logged: its addresses then need another way to be read.
        """
        with self._as_store_error("make the bucket"):
            self._create_if_missing()
            try:
                if self._policy() is None:
                    self._publish()
            except (ClientError, ResponseParserError) as error:
                log.warning("bucket_policy_not_set", bucket=self._bucket, cause=_cause(error))

    async def aclose(self) -> None:
        """Close boto3's connections; obstore closes its own when they have been idle."""
        self._client.close()

    def __str__(self) -> str:
        return f'S3 bucket "{self._bucket}" at {self._endpoint_url}'

    def _pages(self, prefix: str) -> Iterator[list[str]]:
        checked_prefix(prefix)
        paginator = self._client.get_paginator("list_objects_v2")
        with self._as_store_error("list objects"):
            for page in paginator.paginate(Bucket=self._bucket, Prefix=prefix):
                if contents := page.get("Contents"):
                    yield [entry["Key"] for entry in contents]

    def _create_if_missing(self) -> None:
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except ClientError as error:
            if _http_status(error) != 404:
                raise
        else:
            return
        try:
            if self._region == "us-east-1":
                self._client.create_bucket(Bucket=self._bucket)
            else:
                self._client.create_bucket(
                    Bucket=self._bucket,
                    CreateBucketConfiguration={"LocationConstraint": self._region},  # type: ignore[typeddict-item]
                )
        except ClientError as error:
            # Another process may have made it since we looked; if it is a stranger's, the next
            # look is refused.
            if _code(error) not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise
            self._client.head_bucket(Bucket=self._bucket)

    def _policy(self) -> str | None:
        try:
            policy = self._client.get_bucket_policy(Bucket=self._bucket)["Policy"]
            # Some servers that know no policies answer with the list of objects, which is XML.
            return policy if policy.lstrip().startswith("{") else None
        except ClientError as error:
            if _code(error) == "NoSuchBucketPolicy":
                return None
            raise

    def _publish(self) -> None:
        statement = {
            "Sid": "ReadPublishedImages",
            "Effect": "Allow",
            "Principal": {"AWS": ["*"]},
            "Action": ["s3:GetObject"],
            "Resource": [f"arn:aws:s3:::{self._bucket}/{_PUBLISHED_OBJECTS}"],
        }
        self._client.put_bucket_policy(
            Bucket=self._bucket,
            Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )

    @contextmanager
    def _as_store_error(self, verb: str) -> Iterator[None]:
        try:
            yield
        except (
            BotoCoreError,
            ClientError,
            RetriesExceededError,
            ObstoreError,
            FileNotFoundError,  # what obstore raises when the bucket is missing
        ) as error:
            raise StoreError(f"{self} could not {verb}: {_cause(error)}") from error


class _KeptOpen:
    """A file that outlives its upload: boto3 closes what it has sent, but it is the caller's."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def close(self) -> None:
        """Leave the file to its owner."""


def _credentials(session: boto3.session.Session) -> "Callable[[], S3Credential]":
    """What obstore asks for keys: boto's answer, so that both clients always use the same ones."""
    if session.get_credentials() is None:
        raise ValueError("no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    return Boto3CredentialProvider(session)


def _image_client(
    bucket: str, endpoint_url: str, region: str, credentials: "Callable[[], S3Credential]"
) -> obstore.store.S3Store:
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
            "max_retries": _PUT_RETRIES,
            "retry_timeout": timedelta(seconds=_PUT_RETRY_WINDOW_SECONDS),
        },
    )


def _cause(error: Exception) -> str:
    """One line for the operator: the store's own code and message, no headers, no keys."""
    if isinstance(error, ClientError):
        return _one_line(f"{_code(error)}: {error.response.get('Error', {}).get('Message', '')}")
    text = str(error)
    # obstore prints the whole answer and its own insides.
    code = re.search(r"<Code>([^<]+)</Code>", text)
    message = re.search(r"<Message>([^<]*)</Message>", text)
    if code:
        return _one_line(f"{code[1]}: {message[1] if message else ''}")
    if system := re.search(r'kind: \w+,\s+message: "([^"]+)"', text):
        return _one_line(system[1])
    return _one_line(text.partition("\n\nDebug source:")[0])


def _one_line(text: str) -> str:
    return " ".join(text.split()).rstrip(": ")[:300]


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _http_status(error: ClientError) -> int | None:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
