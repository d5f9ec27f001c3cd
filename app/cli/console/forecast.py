"""How fast a request goes, how long it will take, and which image hosts hold it up: in lines."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from app.cli.console.terminal import count, shown

Document = Mapping[str, Any]

STATES = {
    "slowed": "it asks us to slow down",
    "paused": "it asks us to wait",
    "unreachable": "it does not answer",
}


def forecast_lines(status: Document, *, now: datetime) -> Iterator[str]:
    """Nothing for a request that has ended, or of which nothing is known yet."""
    speed, seconds = status["images_per_second"], status["eta_seconds"]
    said = [
        *([f"{speed:.3g} images a second"] if speed is not None else []),
        *([f"about {_duration(seconds)} left"] if seconds is not None else []),
    ]
    if said:
        yield f"{', '.join(said)}."
    for host in status["hosts"]:
        yield _host_line(host, now)


def _host_line(host: Document, now: datetime) -> str:
    waiting = f"{shown(host['host'])}: {count(host['pending'], 'image')} waiting"
    line = f"{waiting}; {STATES.get(host['state'], shown(host['state']))}"
    if host["state"] == "slowed" and host["requests_per_second"]:
        line += f", {host['requests_per_second']:.3g} a second"
    if host["retry_at"] is not None:
        left = (datetime.fromisoformat(host["retry_at"]) - now).total_seconds()
        line += f"; next try in {_duration(left)}" if left >= 1 else "; next try now"
    return f"{line}."


def _duration(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = whole // 3_600, whole % 3_600 // 60
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"
