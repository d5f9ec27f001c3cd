"""What the S3 clients' errors say, for the operator and for decisions."""

import re

from botocore.exceptions import ClientError


def cause(error: Exception) -> str:
    """One line for the operator: the store's own code and message, no headers, no keys."""
    if isinstance(error, ClientError):
        return one_line(f"{code(error)}: {error.response.get('Error', {}).get('Message', '')}")
    text = str(error)
    # obstore prints the whole answer and its own insides.
    named = re.search(r"<Code>([^<]+)</Code>", text)
    message = re.search(r"<Message>([^<]*)</Message>", text)
    if named:
        return one_line(f"{named[1]}: {message[1] if message else ''}")
    if system := re.search(r'kind: \w+,\s+message: "([^"]+)"', text):
        return one_line(system[1])
    return one_line(text.partition("\n\nDebug source:")[0])


def one_line(text: str) -> str:
    """The text without line breaks, short enough for a log."""
    return " ".join(text.split()).rstrip(": ")[:300]


def code(error: ClientError) -> str:
    """The error's name in S3's own words, such as NoSuchBucket."""
    return error.response.get("Error", {}).get("Code", "")


def http_status(error: ClientError) -> int | None:
    """What the server answered, where it answered."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
