"""The manifests are valid, and fit the image, the settings and each other."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from typer.main import get_command

from app.cli.app import app as command_line
from app.config import Settings, load_settings
from app.worker.process.runtime import CLOSING_SECONDS
from tests.deploy.promql import selectors
from tests.parts.process import REPOSITORY
from tests.unit.metrics.parts import families, full_metrics

FOLDER = REPOSITORY / "deploy" / "kubernetes"
BASE = sorted(
    path for path in (FOLDER / "base").glob("*.yaml") if path.name != "kustomization.yaml"
)
KNOWN = {name.upper() for name in Settings.model_fields}


def objects(kind: str | None = None) -> list[dict[str, Any]]:
    """All objects of the base, or those of one kind."""
    found = [each for path in BASE for each in yaml.safe_load_all(path.read_text())]
    return [each for each in found if kind in (None, each["kind"])]


def pods() -> dict[str, dict[str, Any]]:
    """The pods' specs by their component."""
    workloads = [each for kind in ("Deployment", "Job") for each in objects(kind)]
    return {
        each["metadata"]["labels"]["app.kubernetes.io/component"]: each["spec"]["template"]["spec"]
        for each in workloads
    }


def environment() -> dict[str, str]:
    """What the pods get: the settings and the example's secrets."""
    (settings,) = objects("ConfigMap")
    lines = (FOLDER / "example" / "secrets.env.example").read_text().splitlines()
    return settings["data"] | dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize("version", ["1.30", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("path", BASE, ids=lambda path: path.stem)
def test_every_object_is_what_kubernetes_expects(path: Path, version: str) -> None:
    for each in yaml.safe_load_all(path.read_text()):
        kubernetes_validate.validate(each, version, strict=True)


def test_the_schemas_do_find_faults() -> None:
    (job,) = objects("Job")
    job["spec"]["template"]["spec"]["containers"][0]["imagee"] = "x"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)


def test_the_base_names_every_file_and_the_example_builds_on_it() -> None:
    base = yaml.safe_load((FOLDER / "base" / "kustomization.yaml").read_text())
    assert set(base["resources"]) == {path.name for path in BASE}
    example = yaml.safe_load((FOLDER / "example" / "kustomization.yaml").read_text())
    assert [(FOLDER / "example" / each).resolve() for each in example["resources"]] == [
        FOLDER / "base"
    ]
    names = {each["metadata"]["name"] for each in objects()} | {"image-processing-secrets"}
    assert {patch["target"]["name"] for patch in example["patches"]} <= names
    for generator in (*example["configMapGenerator"], *example["secretGenerator"]):
        assert generator["name"] in names
    images = {pod["containers"][0]["image"] for pod in pods().values()}
    assert images == {image["name"] for image in example["images"]}
    literals = example["configMapGenerator"][0]["literals"]
    assert {line.split("=")[0] for line in literals} <= KNOWN


def test_every_variable_is_a_setting_and_the_service_takes_them_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in KNOWN:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment().items():
        assert name in KNOWN
        monkeypatch.setenv(name, value)
    for pod in pods().values():
        (container,) = pod["containers"]
        assert {each["name"] for each in container.get("env", [])} <= KNOWN
        assert len(container["envFrom"]) == 2
    settings = load_settings(_env_file=None)
    assert settings.redis_url
    assert settings.s3_bucket


def test_no_pod_has_rights_or_anything_of_its_own() -> None:
    user = re.search(r"^USER (\d+):(\d+)$", (REPOSITORY / "Dockerfile").read_text(), re.MULTILINE)
    assert user
    for pod in pods().values():
        (container,) = pod["containers"]
        security = pod["securityContext"]
        assert security["runAsNonRoot"]
        assert (security["runAsUser"], security["runAsGroup"]) == (int(user[1]), int(user[2]))
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not pod["automountServiceAccountToken"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} == set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]
        assert [list(volume) for volume in pod["volumes"]] == [["name", "emptyDir"]]


def test_every_pod_runs_a_command_that_there_is() -> None:
    commands = get_command(command_line).commands  # type: ignore[attr-defined]
    for pod in pods().values():
        name, *options = pod["containers"][0]["args"]
        known = {
            option
            for each in commands[name].params
            for option in (*each.opts, *each.secondary_opts)
        }
        assert set(options) <= known


def test_ports_and_probes_fit_the_image() -> None:
    image = (REPOSITORY / "Dockerfile").read_text()
    for component in ("api", "worker"):
        (container,) = pods()[component]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert str(ports["metrics"]) == environment()["METRICS_PORT"]
        assert {"startupProbe", "livenessProbe"} <= set(container)
        if component == "api":
            assert f"PORT={ports['http']} " in image
            assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    annotations = [each["spec"]["template"]["metadata"] for each in objects("Deployment")]
    for metadata in annotations:
        assert metadata["annotations"]["prometheus.io/port"] == environment()["METRICS_PORT"]


def test_a_worker_may_drain_before_it_is_killed() -> None:
    grace = float(environment()["SHUTDOWN_GRACE_SECONDS"])
    assert pods()["worker"]["terminationGracePeriodSeconds"] > grace + CLOSING_SECONDS


def test_workers_follow_a_number_that_the_api_shows(tmp_path: Path) -> None:
    shown = {
        sample.name
        for family in families(full_metrics(tmp_path)).values()
        for sample in family.samples
    }
    (scaler,) = objects("HorizontalPodAutoscaler")
    (metric,) = scaler["spec"]["metrics"]
    name = metric["external"]["metric"]["name"]
    assert name in shown
    adapter = yaml.safe_load((FOLDER / "monitoring" / "prometheus-adapter.yaml").read_text())
    (rule,) = adapter["rules"]["external"]
    assert [asked for asked, _ in selectors(rule["seriesQuery"])] == [name]
    target = scaler["spec"]["scaleTargetRef"]["name"]
    (worker,) = [each for each in objects("Deployment") if each["metadata"]["name"] == target]
    assert "replicas" not in worker["spec"]


def test_selectors_meet_pods() -> None:
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in objects("Deployment")]
    wanted = [each["spec"]["selector"] for each in objects("Service")]
    wanted += [each["spec"]["selector"]["matchLabels"] for each in objects("PodDisruptionBudget")]
    wanted += [each["spec"]["podSelector"]["matchLabels"] for each in objects("NetworkPolicy")]
    for selector in wanted:
        assert any(selector.items() <= each.items() for each in labels), selector


def test_the_network_lets_workers_out_to_public_addresses_only() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in objects("NetworkPolicy")}
    blocks = [
        (name, peer["ipBlock"])
        for name, spec in policies.items()
        for rule in spec.get("egress", [])
        for peer in rule["to"]
        if "ipBlock" in peer
    ]
    assert {name for name, _ in blocks} == {"image-processing-worker"}
    refused = [ip_network(each) for _, block in blocks for each in block["except"]]
    for network in (
        "10.1.2.0/24",
        "172.20.0.0/16",
        "192.168.1.0/24",
        "169.254.169.254/32",
        "fd00::/64",
    ):
        inside = ip_network(network)
        assert any(
            inside.version == each.version and inside.subnet_of(each)  # type: ignore[arg-type]
            for each in refused
        ), network
    # Whatever is not said is closed, for every pod of ours.
    everything = policies["image-processing-data"]
    assert set(everything["policyTypes"]) == {"Ingress", "Egress"}
    assert "app.kubernetes.io/component" not in everything["podSelector"]["matchLabels"]


def test_prometheus_in_the_cluster_gives_the_job_names_that_the_rules_ask_for() -> None:
    scrape = yaml.safe_load((FOLDER / "monitoring" / "prometheus.yml").read_text())
    (job,) = scrape["scrape_configs"]
    steps = {step.get("target_label"): step["source_labels"] for step in job["relabel_configs"]}
    assert steps["job"] == ["__meta_kubernetes_pod_label_app_kubernetes_io_component"]
    assert {"api", "worker"} <= set(pods())
