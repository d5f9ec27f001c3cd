"""The part of Postman's collection format v2.1 that our collection may use, as a JSON schema.

Written from the format's documentation. Stricter than the format itself: what is not named here is
not allowed, so that a misspelt field cannot hide.
"""

from typing import Any

TEXT = {"type": "string"}
NAMED_VALUE = {"key": TEXT, "value": TEXT, "type": TEXT, "description": TEXT}


def _thing(required: list[str], **fields: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": fields,
        "additionalProperties": False,
    }


def _list_of(item: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": item, **more}


_VARIABLE = _thing(["key", "value"], **NAMED_VALUE)
_PARAMETER = _thing(["key", "value"], **NAMED_VALUE, disabled={"type": "boolean"})
_HEADER = _PARAMETER
_AUTH = {
    "oneOf": [
        _thing(["type"], type={"const": "noauth"}),
        _thing(
            ["type", "apikey"],
            type={"const": "apikey"},
            apikey=_list_of(_VARIABLE, minItems=3, maxItems=3),
        ),
    ]
}
_FORM_FIELD = {
    "oneOf": [
        _thing(
            ["key", "type", "src"],
            key=TEXT,
            type={"const": "file"},
            src={"type": ["string", "null"]},
            description=TEXT,
        ),
        _thing(
            ["key", "type", "value"],
            key=TEXT,
            type={"const": "text"},
            value=TEXT,
            disabled={"type": "boolean"},
            description=TEXT,
        ),
    ]
}
_REQUEST = _thing(
    ["method", "header", "url"],
    method={"enum": ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD"]},
    description=TEXT,
    header=_list_of(_HEADER),
    auth=_AUTH,
    body=_thing(["mode", "formdata"], mode={"const": "formdata"}, formdata=_list_of(_FORM_FIELD)),
    url=_thing(
        ["raw", "host", "path"],
        raw={"type": "string", "pattern": r"^\{\{base_url\}\}/"},
        host={"const": ["{{base_url}}"]},
        path=_list_of(TEXT, minItems=1),
        variable=_list_of(_VARIABLE, minItems=1),
        query=_list_of(_PARAMETER, minItems=1),
    ),
)
_RESPONSE = _thing(
    ["name", "originalRequest", "status", "code", "header", "cookie", "body"],
    name=TEXT,
    originalRequest=_REQUEST,
    status=TEXT,
    code={"type": "integer", "minimum": 100, "maximum": 599},
    _postman_previewlanguage={"enum": ["json", "text"]},
    header=_list_of(_HEADER),
    cookie={"const": []},
    body=TEXT,
)
_EVENT = _thing(
    ["listen", "script"],
    listen={"enum": ["test", "prerequest"]},
    script=_thing(["type", "exec"], type={"const": "text/javascript"}, exec=_list_of(TEXT)),
)
_ITEM = _thing(
    ["name", "request", "response"],
    name=TEXT,
    event=_list_of(_EVENT),
    request=_REQUEST,
    response=_list_of(_RESPONSE, minItems=1),
)
_FOLDER = _thing(["name", "item"], name=TEXT, description=TEXT, item=_list_of(_ITEM, minItems=1))

COLLECTION = _thing(
    ["info", "item"],
    info=_thing(
        ["name", "schema"],
        _postman_id={"type": "string", "format": "uuid"},
        name=TEXT,
        description=TEXT,
        version=TEXT,
        schema={"const": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
    ),
    auth=_AUTH,
    variable=_list_of(_VARIABLE),
    item=_list_of(_FOLDER, minItems=1),
)
