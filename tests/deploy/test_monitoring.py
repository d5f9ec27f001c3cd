"""Rules and dashboards ask for what the service really shows."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.metrics.registry import Metrics
from tests.deploy.promql import selectors
from tests.parts.process import REPOSITORY
from tests.unit.metrics.parts import families, full_metrics

PROMETHEUS = REPOSITORY / "deploy" / "prometheus"
DASHBOARDS = sorted((REPOSITORY / "deploy" / "grafana" / "dashboards").glob("*.json"))
# Made by Prometheus itself for each target.
ITS_OWN = {"up": {"job", "instance"}}
# Added to each series at the scrape.
TARGET_LABELS = {"job", "instance"}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return [panel for path in DASHBOARDS for panel in json.loads(path.read_text())["panels"]]


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            # Grafana puts a range here before it asks.
            yield panel["title"], target["expr"].replace("$__rate_interval", "1m")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, set[str]]]:
    """Every series that API and workers show: name -> label -> values."""
    metrics: Metrics = full_metrics(tmp_path_factory.mktemp("disk"))
    found: dict[str, dict[str, set[str]]] = {}
    for family in families(metrics).values():
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    return found


@pytest.mark.parametrize(
    ("where", "expression"), list(expressions()), ids=[where for where, _ in expressions()]
)
def test_every_series_that_is_asked_for_is_shown(
    where: str, expression: str, shown: dict[str, dict[str, set[str]]]
) -> None:
    asked = selectors(expression)
    assert asked, where
    for name, labels in asked:
        if name in ITS_OWN:
            assert set(labels) <= ITS_OWN[name]
            continue
        assert name in shown, f"{where} asks for {name}"
        for label, value in labels.items():
            assert label in shown[name].keys() | TARGET_LABELS, f"{where}: {name} has no {label}"
            if label in shown[name] and label != "status":
                assert value in shown[name][label], f"{where}: {name} has no {label}={value}"


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_says_what_is_wrong_and_has_its_line_in_the_documents(
    rule: dict[str, Any],
) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert set(rule["annotations"]) == {"summary", "description"}
    assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m"))
    pages = (REPOSITORY / "docs" / "operations.md").read_text()
    assert f"| `{rule['alert']}` |" in pages


def test_the_documents_name_no_alert_that_does_not_exist() -> None:
    pages = (REPOSITORY / "docs" / "operations.md").read_text()
    section = pages.partition("### Alerts")[2].partition("\n### ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == {
        rule["alert"] for rule in rules()
    }


def test_every_series_of_ours_is_in_the_documents(shown: dict[str, dict[str, set[str]]]) -> None:
    pages = (REPOSITORY / "docs" / "operations.md").read_text()
    for name in shown:
        base = re.sub(r"_(bucket|sum|count|created)$", "", name)
        if not base.startswith("process_"):
            assert f"`{base}`" in pages, name


def test_prometheus_looks_where_the_stack_listens() -> None:
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    stack = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
    assert config["rule_files"] == ["alerts.yml"]
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    for name in ("api", "worker"):
        (source,) = jobs[name]["dns_sd_configs"]
        assert source["names"] == [name]
        assert str(source["port"]) == stack["services"][name]["environment"]["METRICS_PORT"]
        assert stack["services"][name]["environment"]["METRICS_HOST"] == "0.0.0.0"
    asked = {
        labels["job"]
        for _, text in expressions()
        for name, labels in selectors(text)
        if name == "up"
    }
    assert asked <= set(jobs)


def test_grafana_finds_its_source_and_its_dashboards() -> None:
    provisioning = REPOSITORY / "deploy" / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())[
        "datasources"
    ]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "files.yml").read_text())[
        "providers"
    ]
    grafana = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]["grafana"]
    mounts = {each["target"]: each["source"] for each in grafana["volumes"] if "target" in each}
    assert (REPOSITORY / mounts[provider["options"]["path"]]).resolve() == DASHBOARDS[0].parent
    assert (REPOSITORY / mounts["/etc/grafana/provisioning"]).resolve() == provisioning
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home).name in {path.name for path in DASHBOARDS}
    for panel in panels():
        for asked in (panel, *panel["targets"]):
            assert asked["datasource"] == {"type": source["type"], "uid": source["uid"]}
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_panels_do_not_cover_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
