"""The tables, one noun a file; imports `dialect` and `domain`.

Alembic's migrations make them; a test holds that both agree. All are imported here, so that
`Base.metadata` is whole for whoever imports any of them.
"""

from app.db.models.access import ApiKey, IdempotencyKey, PageSession
from app.db.models.base import SQL_TYPES, Base, RequestId
from app.db.models.hosts import Host, RequestHost
from app.db.models.images import Image, ImageFile
from app.db.models.products import Product, ProductImage
from app.db.models.requests import OPEN, ProcessingRequest, RequestError
from app.db.models.upkeep import Installation, Lease, Unwatched
from app.db.models.webhooks import SilentReceiver, WebhookAttempt, WebhookDelivery

__all__ = [
    "OPEN",
    "SQL_TYPES",
    "ApiKey",
    "Base",
    "Host",
    "IdempotencyKey",
    "Image",
    "ImageFile",
    "Installation",
    "Lease",
    "PageSession",
    "ProcessingRequest",
    "Product",
    "ProductImage",
    "RequestError",
    "RequestHost",
    "RequestId",
    "SilentReceiver",
    "Unwatched",
    "WebhookAttempt",
    "WebhookDelivery",
]
