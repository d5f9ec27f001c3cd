"""A running service with what the examples speak of: files to upload, requests, deliveries."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from docs.generate.contract import Contract, Operation
from tests.integration.api.parts import Service, accepted, ended, make_csv, make_jpeg
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until
from tests.parts.webhook_receiver import WebhookReceiver

SLOW_SECONDS = 60.0


class Scene:
    """Makes requests in the states that the examples need."""

    def __init__(self, service: Service, host: ImageHost, receiver: WebhookReceiver) -> None:
        self.service = service
        self.receiver = receiver
        # The first product's name and place are those of the examples: 2-1-blue-shirt.jpg.
        self._good = host.add("shirt.jpg", make_jpeg())
        self._bad = host.url("gone.jpg")
        self._slow = host.add("slow.jpg", make_jpeg(), delay=SLOW_SECONDS)
        self.csv = make_csv(("Blue Shirt", f"{self._good} {self._bad}"), ("Mug", self._good))

    def write_files(self, folder: Path) -> None:
        """The files that the commands upload."""
        (folder / "products.csv").write_bytes(self.csv)
        (folder / "mixed.csv").write_bytes(make_csv(("Mug", self._good), ("Cup", "no address")))
        (folder / "picture.jpg").write_bytes(make_jpeg())

    def new_ended(self) -> str:
        """A request of its own that has ended, with a failed image and a delivered webhook."""
        client = self.service.client
        request_id = accepted(client, self.csv, webhook_url=self.receiver.url)
        ended(client, request_id)
        until(lambda: bool(self.delivery_of(request_id)["attempts"]), timeout_seconds=20)
        return request_id

    def new_open(self) -> str:
        """A request of its own that is being worked on for a long time."""
        return accepted(self.service.client, make_csv(("Lamp", self._slow)))

    @cached_property
    def ended_id(self) -> str:
        """A request that is only looked at."""
        return self.new_ended()

    def delivery_of(self, request_id: str) -> dict[str, Any]:
        """The newest delivery of a request; without attempts while there is none."""
        answer = self.service.client.get(f"/requests/{request_id}/webhook-deliveries").json()
        found: dict[str, Any] = answer["items"][0] if answer["items"] else {"attempts": []}
        return found

    def request_for(self, operation: Operation | None) -> str:
        """The request on which an operation can be tried without harm to others."""
        if operation is not None and operation.id == "cancel":
            return self.new_open()
        if operation is not None and operation.id in {"delete", "retry"}:
            return self.new_ended()
        return self.ended_id


def check_document(
    contract: Contract, response: Mapping[str, Any], media_type: str, document: Any
) -> None:
    """Hold a JSON document to the schema that OpenAPI has for this response."""
    schema = response["content"][media_type]["schema"]
    Draft202012Validator(schema | {"components": contract.document["components"]}).validate(
        document
    )
