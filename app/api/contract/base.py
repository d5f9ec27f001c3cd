"""What all documents of the contract are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, WithJsonSchema


class Document(BaseModel):
    """An answer has exactly the fields that its class names."""

    model_config = ConfigDict(extra="forbid")


# RFC 3339 in UTC to the millisecond, kept as it was written: lists have thousands of them.
Moment = Annotated[
    str,
    StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
