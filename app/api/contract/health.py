"""Whether the process is alive, and ready."""

from typing import Any

from pydantic import Field

from app.api.contract.base import Document


class Health(Document):
    """The process answers."""

    status: str


class Readiness(Document):
    """Whether calls should be sent here, and what each part says."""

    status: str = Field(description="ok, or degraded: works, but a part that helps is down.")
    checks: dict[str, Any]
