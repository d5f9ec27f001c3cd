"""What a worker's requests to one host came to, gathered until the database hears of it."""

import time
from enum import Enum, auto
from typing import TYPE_CHECKING

from app.domain.errors import (
    ConnectFailed,
    DnsFailed,
    FetchTimeout,
    HttpStatusError,
    ImageError,
    NotAnImage,
    ResponseTooLarge,
    TooManyRedirects,
)
from app.domain.hosts import Report

if TYPE_CHECKING:
    from app.worker.hosts import Permit
