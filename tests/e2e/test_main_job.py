"""Upload, progress, output CSV, webhook: the whole job through the API of a real process."""

import csv
import io

from tests.e2e.served import Served
from tests.factories import make_csv, make_jpeg
from tests.parts.image_host import ImageHost
from tests.parts.webhook_receiver import WebhookReceiver


def test_a_csv_comes_back_with_its_output_urls_and_the_webhook_fires(
    served: Served, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    good = [image_host.add(f"{n}.jpg", make_jpeg(200, 150, seed=n)) for n in range(3)]
    missing = image_host.url("missing.jpg")
    cells = [
        ["1", "Blue mug", f"{good[0]},{missing},{good[1]}"],
        ["2", "Red, round mug", f"{good[2]},{good[0]}"],
    ]
    request_id = served.upload(make_csv(cells=cells), webhook_url=webhook_receiver.url)
    status = served.ended(request_id)
    assert (status["status"], status["images"]["completed"], status["errors"]) == (
        "completed",
        3,
        {"http_status": 1},
    )
    answer = served.client.get(f"/download-output-csv/{request_id}")
    assert answer.status_code == 200
    first, second = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert second["Product Name"] == "Red, round mug"
    url = first["Output Image Urls"].split(",")
    assert url[0].endswith(f"/{request_id}/2-1-blue-mug.jpg")
    assert url[1] == ""
    assert url[2].endswith(f"/{request_id}/2-3-blue-mug.jpg")
    assert second["Output Image Urls"].split(",")[1] == url[0]
    assert image_host.hits("0.jpg") == 1

    (webhook,) = webhook_receiver.wait_for(1)
    assert webhook.json()["type"] == "request.completed"
    assert webhook.json()["data"]["request_id"] == request_id

    assert served.client.delete(f"/requests/{request_id}").status_code in {200, 202, 204}
    assert served.client.get(f"/status/{request_id}").status_code == 404
