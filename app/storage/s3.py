"""Objects in an S3 bucket: AWS, MinIO or any other server that speaks S3.

What is written, and what a worker asks, goes through obstore, which costs a quarter of boto3's CPU
per put; everything else goes through boto3 (docs/decisions/0003-obstore-for-puts.md).
"""

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import BinaryIO, cast
from urllib.parse import quote

import boto3
import obstore
import structlog
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from obstore.exceptions import BaseError as ObstoreError
from s3transfer.exceptions import RetriesExceededError

from app.domain.errors import ObjectMissing, StoreError
from app.storage.keys import (
    IMAGE_CACHE_CONTROL,
    NOTE_BYTES_MAX,
    NOTE_NAME,
    checked_key,
    checked_prefix,
)
from app.storage.s3_bucket import create_if_missing, policy, publish
from app.storage.s3_clients import bulk_client, credentials_of, put_client, read_client
from app.storage.s3_errors import cause, code, http_status, one_line

log = structlog.get_logger(__name__)

# No key of ours starts with a dot, so the probe can never meet a real object.
_PROBE_KEY = ".writable"

# A large file goes out in parts, which wait in memory: two of the smallest size that S3 takes.
_PART_BYTES = 5 * 2**20
_PARTS_AT_ONCE = 2

# What S3 takes in one call; its lists have pages of the same length.
_DELETED_AT_ONCE = 1_000

# What is read from the network faster than the disk takes it waits in memory: 16 pieces of 256 KB,
# where boto3's own limit is 1,000 of them.
_DOWNLOAD = TransferConfig(multipart_chunksize=8 * 2**20, max_concurrency=3, max_io_queue=16)


class S3Store:
    """A `Store` in one bucket; published objects are read straight from it or from a CDN before it.

    The clients are made once and may be used from several threads and event loops.

    Args:
        bucket: its name; `prepare` makes it when it is missing.
        endpoint_url: the server's address; None means AWS.
        region: None means what the environment says, else us-east-1.
        access_key: None together with `secret_key` means boto's own chain of credentials.
        public_url: the prefix of published addresses, before the key; None means endpoint/bucket.
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
            self._client = bulk_client(session, endpoint_url, self._region)
            self._reads = read_client(session, endpoint_url, self._region)
            credentials = credentials_of(session)
        except (BotoCoreError, ValueError) as error:
            raise StoreError(f"the S3 settings cannot work: {one_line(str(error))}") from error
        self._endpoint_url = self._client.meta.endpoint_url.rstrip("/")
        self._public_url = (public_url or f"{self._endpoint_url}/{bucket}").rstrip("/")
        self._puts = put_client(bucket, self._endpoint_url, self._region, credentials)
        self._was_writable = False

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        """Write a published image with its content type and the cache header."""
        checked_key(key)
        with self._as_store_error("put an image"):
            await obstore.put_async(
                self._puts,
                key,
                data,
                attributes={"Content-Type": content_type, "Cache-Control": IMAGE_CACHE_CONTROL},
                use_multipart=False,
            )

    def put_file(self, key: str, source: BinaryIO, *, content_type: str) -> None:
        """Write a large private object in parts, from the source's current position."""
        checked_key(key)
        with self._as_store_error("put a file"):
            obstore.put(
                self._puts,
                key,
                source,
                attributes={"Content-Type": content_type},
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )

    def open(self, key: str) -> BinaryIO:
        """Copy the object into a nameless temporary file; raises ObjectMissing without one."""
        checked_key(key)
        file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
        try:
            with self._as_store_error("read a file"):
                try:
                    self._reads.download_fileobj(self._bucket, key, file, Config=_DOWNLOAD)
                except ClientError as error:
                    if http_status(error) == 404:
                        raise ObjectMissing(key) from error
                    raise
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    async def size_of(self, key: str) -> int | None:
        """Bytes of an object, by a HEAD."""
        checked_key(key)
        with self._as_store_error("find an image"):
            try:
                found = await obstore.head_async(self._puts, key)
            except FileNotFoundError:
                return None
        return found["size"]

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that start with `prefix`, fetched a thousand at a time."""
        for page in self._pages(prefix):
            yield from page

    def folders(self, prefix: str) -> Iterator[str]:
        """Names of the folders right below `prefix`; the objects in them are not listed."""
        checked_prefix(prefix)
        paginator = self._client.get_paginator("list_objects_v2")
        with self._as_store_error("list folders"):
            for page in paginator.paginate(Bucket=self._bucket, Prefix=prefix, Delimiter="/"):
                for folder in page.get("CommonPrefixes", []):
                    yield folder["Prefix"].removeprefix(prefix).rstrip("/")

    def delete_prefix(self, prefix: str) -> int:
        """Delete what starts with `prefix`, a thousand objects a call.

        Raises:
            ValueError: the prefix is empty, which would mean everything.
        """
        if not prefix:
            raise ValueError("an empty prefix would delete the whole store")
        deleted = 0
        for page in self._pages(prefix):
            self._delete_page(page)
            deleted += len(page)
        return deleted

    def delete(self, keys: Collection[str]) -> None:
        """Delete these objects, a thousand a call."""
        left = iter([checked_key(key) for key in keys])
        while page := list(islice(left, _DELETED_AT_ONCE)):
            self._delete_page(page)

    def public_url(self, key: str) -> str:
        """The object's public address: the bucket's, or that of the CDN in front of it."""
        return f"{self._public_url}/{quote(checked_key(key))}"

    def note(self) -> str | None:
        """Read the note beside the folders, or None when there is none."""
        with self._as_store_error("read the note of its owner"):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=NOTE_NAME)
            except ClientError as error:
                if http_status(error) == 404 and code(error) != "NoSuchBucket":
                    return None
                raise
            return answer["Body"].read(NOTE_BYTES_MAX).decode(errors="replace")

    def put_note(self, text: str) -> None:
        """Write the note beside the folders; private, as the bucket's policy names only those.

        Not only where there is none: some servers take no notice of that condition.
        """
        with self._as_store_error("write the note of its owner"):
            obstore.put(self._puts, NOTE_NAME, text.encode(), use_multipart=False)

    def check(self) -> None:
        """Ask for the bucket each time, and write and delete a probe until that worked once.

        Only once, because /readyz asks every few seconds and each write would stay for ever in a
        bucket with versions.
        """
        with self._as_store_error("find the bucket"):
            self._reads.head_bucket(Bucket=self._bucket)
        if not self._was_writable:
            with self._as_store_error("write to the bucket"):
                obstore.put(self._puts, _PROBE_KEY, b"writable", use_multipart=False)
                self._client.delete_object(Bucket=self._bucket, Key=_PROBE_KEY)
            self._was_writable = True

    def prepare(self) -> None:
        """Make the bucket when it is missing, and let anybody read the published images in it.

        A policy that somebody has put on the bucket stays as it is. A store that knows no policies,
        or forbids public ones, is logged: its addresses then need another way to be read.
        """
        with self._as_store_error("make the bucket"):
            create_if_missing(self._client, self._bucket, self._region)
            try:
                if policy(self._client, self._bucket) is None:
                    publish(self._client, self._bucket)
            except (ClientError, ResponseParserError) as error:
                log.warning("bucket_policy_not_set", bucket=self._bucket, cause=cause(error))

    async def aclose(self) -> None:
        """Close boto3's connections; obstore closes its own when they have been idle."""
        self._client.close()
        self._reads.close()

    def __str__(self) -> str:
        return f'S3 bucket "{self._bucket}" at {self._endpoint_url}'

    def _delete_page(self, keys: list[str]) -> None:
        with self._as_store_error("delete objects"):
            answer = self._client.delete_objects(
                Bucket=self._bucket,
                Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True},
            )
        if errors := answer.get("Errors"):
            reason = errors[0].get("Code", "no reason given")
            raise StoreError(f"{self} did not delete {len(errors)} objects: {reason}")

    def _pages(self, prefix: str) -> Iterator[list[str]]:
        checked_prefix(prefix)
        paginator = self._client.get_paginator("list_objects_v2")
        with self._as_store_error("list objects"):
            for page in paginator.paginate(Bucket=self._bucket, Prefix=prefix):
                keys = [entry["Key"] for entry in page.get("Contents", [])]
                if keys := [key for key in keys if key != NOTE_NAME]:
                    yield keys

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
            raise StoreError(f"{self} could not {verb}: {cause(error)}") from error
