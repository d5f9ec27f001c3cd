"""Write the stack's passwords into a folder, each in the form that its reader wants.

    python make_secrets.py FOLDER

A password that is there stays; POSTGRES_PASSWORD, MINIO_ROOT_USER and MINIO_ROOT_PASSWORD replace
it.
"""

import os
import secrets
import sys
from pathlib import Path

# The servers run as users of their own, so these are readable to all who have the volume.
FOR_SERVERS = 0o444
# libpq ignores a password file that others could read.
FOR_US = 0o400


def make_secrets(folder: Path) -> None:
    """Make or renew all files; repeatable."""
    postgres = _kept(folder / "postgres-password", "POSTGRES_PASSWORD", secrets.token_urlsafe(24))
    user = _kept(folder / "minio-user", "MINIO_ROOT_USER", "images")
    password = _kept(folder / "minio-password", "MINIO_ROOT_PASSWORD", secrets.token_urlsafe(24))
    escaped = postgres.replace("\\", "\\\\").replace(":", "\\:")
    _write(folder / "pgpass", f"postgres:*:*:*:{escaped}\n", FOR_US)
    _write(
        folder / "aws-credentials",
        f"[default]\naws_access_key_id = {user}\naws_secret_access_key = {password}\n",
        FOR_US,
    )


def _kept(path: Path, variable: str, new: str) -> str:
    value = os.environ.get(variable) or (path.read_text() if path.exists() else new)
    _write(path, value, FOR_SERVERS)
    return value


def _write(path: Path, text: str, mode: int) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.chmod(mode)
    # In one step: a crash in between must not leave half a password.
    fresh.replace(path)


if __name__ == "__main__":
    make_secrets(Path(sys.argv[1]))
