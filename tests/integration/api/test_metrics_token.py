"""The metrics count for all API keys together: they are the operator's."""

from pathlib import Path

import pytest

from app.access import key_ring, keys
from tests.integration.api.parts import Service, accepted, make_csv, problem, running_service

TOKEN = {"Authorization": "Bearer token-of-the-operator"}
SETTINGS = {"metrics_token": "token-of-the-operator"}
TOTALS = "processing_requests_accepted_total"


def test_no_key_of_several_reads_what_is_of_all_of_them(guarded: Service) -> None:
    for key in ("first-key-of-tests", "second-key-of-tests"):
        answer = guarded.client.get("/metrics", headers={"X-API-Key": key})
        assert "METRICS_TOKEN" in problem(answer, 403, "operator_only")["detail"]
        assert TOTALS not in answer.text
    problem(guarded.client.get("/metrics"), 401, "unauthorized")


def test_a_key_that_is_the_only_one_reads_what_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_ring, "LOOK_SECONDS", 0)
    with running_service(tmp_path, api_keys="the-only-key-there-is") as service:
        headers = {"Authorization": "Bearer the-only-key-there-is"}
        assert TOTALS in service.client.get("/metrics", headers=headers).text
        keys.create(service.app.state.adapters.database, "another")
        problem(service.client.get("/metrics", headers=headers), 403, "operator_only")
        keys.revoke(service.app.state.adapters.database, "another")
        assert service.client.get("/metrics", headers=headers).status_code == 200


def test_the_token_opens_the_metrics_and_nothing_else(tmp_path: Path) -> None:
    with running_service(tmp_path, api_keys="a-key-of-the-tests", **SETTINGS) as service:
        key = {"X-API-Key": "a-key-of-the-tests"}
        assert TOTALS in service.client.get("/metrics", headers=TOKEN).text
        problem(service.client.get("/requests", headers=TOKEN), 401, "unauthorized")
        problem(service.client.get("/metrics", headers=key), 401, "unauthorized")
        problem(service.client.get("/metrics"), 401, "unauthorized")
        for number in range(10):
            headers = {"X-API-Key": f"wrong-{number}"}
            refused = service.client.get("/metrics", headers=headers)
        problem(refused, 429, "too_many_wrong_keys")
        assert service.client.get("/metrics", headers=TOKEN).status_code == 200


def test_an_open_service_may_keep_its_metrics_to_itself(tmp_path: Path) -> None:
    with running_service(tmp_path, **SETTINGS) as service:
        accepted(service.client, make_csv(("Shirt", "http://127.0.0.1:9/a.jpg")))
        problem(service.client.get("/metrics"), 401, "unauthorized")
        assert f"{TOTALS} 1.0" in service.client.get("/metrics", headers=TOKEN).text
