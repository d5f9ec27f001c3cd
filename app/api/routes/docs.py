"""`/docs`: Swagger UI from our own files, so that it works without the internet, and the errors."""

from html import escape
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from app.api.answers import answer_head_too
from app.api.contract.errors import HTTP_KINDS, KINDS

router = APIRouter(include_in_schema=False)
static_files = StaticFiles(directory=Path(__file__).parents[1] / "static")

# Swagger UI writes style attributes and has its icons in data: addresses; scripts are files only.
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)

_SWAGGER_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Image Processing Service: API</title>
<link rel="icon" href="/docs/static/swagger-ui/favicon-32x32.png">
<link rel="stylesheet" href="/docs/static/swagger-ui/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/static/swagger-ui/swagger-ui-bundle.js"></script>
<script src="/docs/static/docs.js"></script>
</body>
</html>
"""

_ERRORS_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Image Processing Service: errors</title>
</head>
<body>
<h1>Errors</h1>
<p>Every error is an RFC 9457 problem document; these are its codes.</p>
<dl>
{entries}</dl>
</body>
</html>
"""


@router.get("/docs")
async def swagger_ui() -> HTMLResponse:
    return HTMLResponse(_SWAGGER_PAGE, headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/errors")
async def error_list() -> HTMLResponse:
    """Where the `type` of a problem document leads."""
    kinds = [(kind.code, rule.status, kind.title, rule.remedy) for kind, rule in KINDS.items()]
    kinds += [(kind.code, status, kind.title, kind.remedy) for status, kind in HTTP_KINDS.items()]
    entries = "".join(
        f'<dt id="{escape(code)}"><code>{escape(code)}</code> ({status})</dt>'
        f"<dd>{escape(title)}. {escape(remedy)}</dd>\n"
        for code, status, title, remedy in kinds
    )
    page = _ERRORS_PAGE.format(entries=entries)
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})


answer_head_too(router)
