"""What Prometheus reads."""

from app.api.metrics import Metrics
from app.domain.errors import DatabaseUnavailable


def test_calls_are_counted_by_method_route_and_status() -> None:
    metrics = Metrics()
    metrics.count("GET", "/status/{request_id}", 200, 0.01)
    metrics.count("GET", "/status/{request_id}", 200, 0.02)
    metrics.count("MADE-UP", "(none)", 404, 0.01)
    text = metrics.exposition().decode()
    line = 'http_requests_total{method="GET",route="/status/{request_id}",status="200"} 2.0'
    assert line in text
    assert 'method="other"' in text
    assert "MADE-UP" not in text
    assert "http_request_duration_seconds_sum" in text


def test_two_registries_share_nothing() -> None:
    one, other = Metrics(), Metrics()
    one.count("GET", "/healthz", 200, 0.01)
    assert 'route="/healthz"' not in other.exposition().decode()


def test_the_queue_is_read_at_every_scrape() -> None:
    metrics = Metrics()
    waiting = iter([7, 3])
    metrics.watch_queue(
        lambda: {
            "requests": {"processing": 2},
            "images_waiting": next(waiting),
            "oldest_waiting_seconds": 1.5,
        }
    )
    first, second = metrics.exposition().decode(), metrics.exposition().decode()
    assert "images_waiting 7.0" in first
    assert "images_waiting 3.0" in second
    assert 'processing_requests{status="processing"} 2.0' in first
    assert 'processing_requests{status="failed"} 0.0' in first
    assert "images_oldest_waiting_seconds 1.5" in first
    assert "database_up 1.0" in first


def test_a_database_that_is_away_is_a_number_and_not_a_failed_scrape() -> None:
    def away() -> dict[str, object]:
        raise DatabaseUnavailable("gone")

    metrics = Metrics()
    metrics.watch_queue(away)
    text = metrics.exposition().decode()
    assert "database_up 0.0" in text
    assert "images_waiting" not in text
