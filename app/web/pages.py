"""The page: a client of the API, nothing more."""

import secrets
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

router = APIRouter(include_in_schema=False)
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True
)


@router.api_route("/", methods=["GET", "HEAD"])
async def index() -> HTMLResponse:
    """The start page."""
    nonce = secrets.token_urlsafe(16)
    policy = f"default-src 'self'; script-src 'nonce-{nonce}'; frame-ancestors 'none'"
    page = _templates.get_template("index.html").render(nonce=nonce)
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})
