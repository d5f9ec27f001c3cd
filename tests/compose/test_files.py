"""What can be said of the compose files without an engine."""

import re
from typing import Any

import pytest
import yaml

from app.config import Settings
from app.worker.process.runtime import CLOSING_SECONDS
from tests.parts.process import REPOSITORY

# Inside of a container they are the image's business, and the store's keys come from a file.
FIXED = {
    "HOST",
    "DATA_DIR",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "METRICS_HOST",
    "METRICS_PORT",
}
DATA = ("postgres", "redis", "minio")


@pytest.fixture(scope="module")
def text() -> str:
    return (REPOSITORY / "docker-compose.yml").read_text()


@pytest.fixture(scope="module")
def services(text: str) -> dict[str, Any]:
    return dict(yaml.safe_load(text)["services"])


def test_every_setting_reaches_the_containers(services: dict[str, Any]) -> None:
    environment = services["api"]["environment"]
    settings = {name.upper() for name in Settings.model_fields} - FIXED - {"PORT"}
    assert settings <= set(environment)
    for name in settings - {"DATABASE_URL", "REDIS_URL", "S3_ENDPOINT_URL"}:
        assert f"${{{name}:-" in environment[name]
    assert environment == services["worker"]["environment"] == services["migrate"]["environment"]
    assert "${PORT:-8000}" in services["api"]["ports"][0]


def test_every_variable_has_a_default(text: str) -> None:
    assert not re.findall(r"\$\{\w+\}|\$\{\w+:?\?|\$[A-Z]", text)


def test_every_service_that_stays_has_a_check_and_waits_for_what_it_needs(
    services: dict[str, Any],
) -> None:
    image_has_a_check = "HEALTHCHECK" in (REPOSITORY / "Dockerfile").read_text()
    for name, service in services.items():
        if service.get("restart") == "no":
            continue
        ours = "build" in service
        assert "healthcheck" in service or (ours and image_has_a_check), name
        for needed, condition in service.get("depends_on", {}).items():
            once = services[needed].get("restart") == "no"
            wanted = "service_completed_successfully" if once else "service_healthy"
            assert condition == {"condition": wanted}, (name, needed)


def test_a_worker_may_drain_before_it_is_killed(services: dict[str, Any]) -> None:
    match = re.fullmatch(
        r"\$\{WORKER_STOP_GRACE_PERIOD:-(\d+)s\}", services["worker"]["stop_grace_period"]
    )
    assert match
    grace = Settings.model_fields["shutdown_grace_seconds"].default
    assert int(match[1]) > grace + CLOSING_SECONDS


def test_scaled_services_have_no_name_and_no_port_of_their_own(services: dict[str, Any]) -> None:
    assert not {"container_name", "ports"} & set(services["worker"])


def test_what_prometheus_needs_opens_no_way_to_the_data(
    text: str, services: dict[str, Any]
) -> None:
    networks = yaml.safe_load(text)["networks"]
    on = {name: set(service.get("networks", ())) for name, service in services.items()}
    assert networks["backend"] == networks["monitoring"] == {"internal": True}
    for name in DATA:
        assert not on[name] & {"monitoring", "internet", "dashboards"}
    for name in ("prometheus", "grafana"):
        assert not on[name] & {"backend", "internet", "web"}
    # Nothing of the data services can be met on the way to image hosts.
    assert {name for name in on if "internet" in on[name]} == {"worker"}
    assert {name for name in on if "monitoring" in on[name]} == {"api", "worker", "prometheus"}


def test_what_operators_look_at_is_published_to_this_machine_only(
    services: dict[str, Any],
) -> None:
    monitoring = {
        name for name, each in services.items() if "monitoring" in each.get("profiles", ())
    }
    assert monitoring == {"prometheus", "grafana", "flower"}
    for name in monitoring:
        (port,) = services[name]["ports"]
        assert port.startswith("127.0.0.1:${")
    assert not [port for port in services["api"]["ports"] if "9101" in port]


def test_a_plain_up_needs_nothing_of_a_profile(services: dict[str, Any]) -> None:
    for service in services.values():
        if "profiles" not in service:
            assert not [
                name for name in service.get("depends_on", {}) if "profiles" in services[name]
            ]


def test_images_are_pinned_to_a_version(services: dict[str, Any]) -> None:
    for name in (*DATA, "prometheus", "grafana", "flower"):
        tag = services[name]["image"].removesuffix("}").rpartition(":")[2]
        assert re.search(r"\d", tag), name
