"""One curl command for each operation, as it can be typed in a shell that has `API` and `ID`."""

import re

from docs.generate.blocks import PageError
from docs.generate.contract import Operation

# What stands for a part of a path: shell variables that the page sets.
PATH_VALUES = {
    "request_id": "$ID",
    "delivery_id": "$DELIVERY_ID",
    "key": "$ID/2-1-blue-shirt.jpg",
}
UPLOADED_FILE = "products.csv"


def curl_line(operation: Operation) -> str:
    """The command, and behind it the status that it is answered with."""
    options = []
    if operation.form:
        options.append(f"-F file=@{UPLOADED_FILE}")
    elif operation.method != "GET":
        options.append(f"-X {operation.method}")
    media_type = next(iter(operation.responses[operation.success].get("content", {})), "")
    if media_type == "text/event-stream":
        options.append("-N")
    target = _saved_as(operation, media_type)
    if target:
        options.append(f"-o {target}")
    return " ".join(["curl", *options, f'"$API{_path(operation)}"', f"  # {operation.success}"])


def _path(operation: Operation) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in PATH_VALUES:
            raise PageError(f"docs/generate/curl.py has no PATH_VALUES for {match[1]!r}.")
        return PATH_VALUES[match[1]]

    return re.sub(r"{(\w+)}", value, operation.path)


def _saved_as(operation: Operation, media_type: str) -> str:
    """The name for a file that is worth keeping; empty for what is read in the terminal."""
    if media_type.startswith("image/"):
        return "picture.jpg"
    if media_type != "text/csv":
        return ""
    words = re.findall(r"[a-z]+", re.sub(r"{\w+}", "", operation.path))
    plain = [word for word in words if word not in {"download", "csv", "requests"}]
    return "-".join(plain) + ".csv"
