"""Making the bucket, and saying who may read in it."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from app.storage.s3_errors import code, http_status

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Only keys below a request's id are public. The ids are UUIDs of version 7, which
# begin with the time and so with a 0 until the year 2527; `uploads/` and `originals/` never match.
# `?` for one character would say it more closely, but not every S3 server knows it.
_PUBLISHED_OBJECTS = "0*-*-*-*-*/*"


def create_if_missing(client: "S3Client", bucket: str, region: str) -> None:
    """Make the bucket unless it is there; raises ClientError when it is not ours to make."""
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if http_status(error) != 404:
            raise
    else:
        return
    try:
        if region == "us-east-1":
            client.create_bucket(Bucket=bucket)
        else:
            client.create_bucket(
                Bucket=bucket,
                CreateBucketConfiguration={"LocationConstraint": region},  # type: ignore[typeddict-item]
            )
    except ClientError as error:
        # Another process may have made it since we looked; if it is a stranger's, the next
        # look is refused.
        if code(error) not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise
        client.head_bucket(Bucket=bucket)


def policy(client: "S3Client", bucket: str) -> str | None:
    """The bucket's policy as JSON, or None when it has none."""
    try:
        text = client.get_bucket_policy(Bucket=bucket)["Policy"]
        # Some servers that know no policies answer with the list of objects, which is XML.
        return text if text.lstrip().startswith("{") else None
    except ClientError as error:
        if code(error) == "NoSuchBucketPolicy":
            return None
        raise


def publish(client: "S3Client", bucket: str) -> None:
    """Let anybody read the published images, and nothing else."""
    statement = {
        "Sid": "ReadPublishedImages",
        "Effect": "Allow",
        "Principal": {"AWS": ["*"]},
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/{_PUBLISHED_OBJECTS}"],
    }
    client.put_bucket_policy(
        Bucket=bucket,
        Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
