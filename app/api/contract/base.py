"""What all documents of the contract are made of."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

from app.results.documents import moment


class Document(BaseModel):
    """An answer has exactly the fields that its class names."""

    model_config = ConfigDict(extra="forbid")


Moment = Annotated[
    datetime,
    PlainSerializer(moment, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
