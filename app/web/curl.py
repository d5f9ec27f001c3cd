"""What the page does, as commands for a terminal."""

import shlex
from typing import Any

from fastapi import Request

from app.config import Settings
from app.domain.options import ProcessingOptions


def upload_command(request: Request, filename: str, options: dict[str, Any]) -> str:
    """The same upload for a terminal; options that are as they come are left out."""
    usual = ProcessingOptions().model_dump(mode="json")
    parts = ["curl", *key_arguments(request)]
    parts.append(f"-F {shlex.quote(f'file=@{filename}')}")
    for name, value in options.items():
        if value is not None and value != usual.get(name):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            parts.append(f"-F {shlex.quote(f'{name}={text}')}")
    settings: Settings = request.app.state.settings
    parts.append(shlex.quote(f"{settings.base_url}/upload"))
    return " ".join(parts)


def key_arguments(request: Request) -> list[str]:
    """What curl needs besides, where calls need a key; the key itself stays out of sight."""
    return ['-H "Authorization: Bearer $API_KEY"'] if request.app.state.keys.needed else []
