"""What users ask the API about a request, and how long it takes to answer."""

import time
from collections.abc import Sequence
from statistics import median

from benchmarks.stacks import Service

ASKED = 40
STATUS = "status"
QUESTIONS = {
    STATUS: "/status/{}",
    "list of requests": "/requests?limit=50",
    "page of 100 images": "/requests/{}/images?limit=100",
}


def ask(running: Service, question: str, request_ids: Sequence[str]) -> list[float]:
    """Milliseconds of an answer about each request: medians of many, asked in turn."""
    path = QUESTIONS[question]
    waited: list[list[float]] = [[] for _ in request_ids]
    for _ in range(ASKED):
        for request_id, times in zip(request_ids, waited, strict=True):
            times.append(milliseconds(running, path.format(request_id)))
    return [median(times) for times in waited]


def milliseconds(running: Service, path: str) -> float:
    """From the question to the answer's last byte."""
    started = time.perf_counter()
    running.client.get(path).raise_for_status()
    return 1000 * (time.perf_counter() - started)


def delete_seconds(running: Service, request_id: str) -> float:
    """Until DELETE is answered; rows and files go afterwards."""
    started = time.perf_counter()
    running.client.delete(f"/requests/{request_id}").raise_for_status()
    return time.perf_counter() - started
