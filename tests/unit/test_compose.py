"""Guards docker-compose.yml and the images: every command exists, every port, volume and variable is accounted for."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from voiceagent.cli.main import build_parser
from voiceagent.settings.paths import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "voiceagent"]
ONCE = ["database-setup", "exchange-setup", "models-setup"]
_VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::[-?][^}]*)?\}")


def _filled(text: str) -> str:
    return _VARIABLE.sub("x", text)


def _example() -> dict[str, str]:
    lines = (ROOT / "docker" / "env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("name", OURS)
def test_our_commands_exist_with_those_options(name: str) -> None:
    given = build_parser().parse_args([_filled(str(word)) for word in SERVICES[name]["command"]])
    assert callable(given.run)


def test_every_variable_is_in_the_example_and_every_example_is_used() -> None:
    used = set(_VARIABLE.findall((ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    assert used == set(_example())


def test_the_example_has_no_password() -> None:
    assert {value for name, value in _example().items() if "PASSWORD" in name} == {"change-me"}


def test_volumes_are_declared_and_used_and_folders_are_there() -> None:
    named, used = set(COMPOSE["volumes"]), set()
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.rpartition(":/")[0]
            if source.startswith("./"):
                assert (ROOT / source).is_dir(), source
            elif not source.startswith("${"):
                used.add(source)
    assert used == named


def test_what_one_waits_for_can_be_waited_for() -> None:
    for name, service in SERVICES.items():
        waits = service.get("depends_on", {})
        for other in waits:
            condition = waits[other]["condition"] if isinstance(waits, dict) else "service_started"
            assert other in SERVICES, (name, other)
            assert condition != "service_healthy" or "healthcheck" in SERVICES[other], (name, other)
            assert (condition == "service_completed_successfully") == (other in ONCE), (name, other)


def test_nobody_runs_as_root_and_everybody_who_stays_is_watched() -> None:
    for name, service in SERVICES.items():
        assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"], name
        if "build" in service:
            text = (ROOT / service["build"]["dockerfile"]).read_text(encoding="utf-8")
            last = re.findall(r"^USER (\S+)", text, re.MULTILINE)[-1]
            assert last in ("voiceagent", "asterisk"), name
        else:
            assert service["user"] not in ("root", "0"), name
        assert "healthcheck" in service or name in [*ONCE, "seats"], name
        assert (service["restart"] == "no") == (name in ONCE), name


def test_what_is_not_for_carriers_listens_on_loopback_only() -> None:
    assert "listen_addresses=127.0.0.1" in SERVICES["postgres"]["command"]
    assert "--web.listen-address=127.0.0.1:9090" in SERVICES["prometheus"]["command"]
    assert SERVICES["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert "--host" not in SERVICES["serve"]["command"], "its default is loopback"
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    addresses = re.findall(r"//(?:[\w:{}$?./ -]*@)?([\d.]+):\d+", text)
    assert addresses and set(addresses) == {"127.0.0.1"}
    assert not any("ports" in service for service in SERVICES.values()), "the host's network: nothing is published"


def test_prometheus_scrapes_the_ports_that_are_served() -> None:
    told = yaml.safe_load((ROOT / "metrics" / "prometheus.yml").read_text(encoding="utf-8"))
    scraped = {job["job_name"]: job["static_configs"][0]["targets"] for job in told["scrape_configs"]}
    served = {}
    for job, service, option in (
        ("voiceagent", "serve", "--port"),
        ("voiceagent-speech", "speech", "--metrics-port"),
        ("voiceagent-worker", "seats", "--worker-metrics-port"),
    ):
        command = SERVICES[service]["command"]
        served[job] = [f"127.0.0.1:{command[command.index(option) + 1]}"]
        if "healthcheck" in SERVICES[service]:
            assert f"{served[job][0]}/" in SERVICES[service]["healthcheck"]["test"][-1]
    assert scraped == served


@pytest.mark.parametrize("name", ["docker/Dockerfile", "docker/asterisk.Dockerfile"])
def test_what_an_image_copies_is_sent_to_the_build_and_is_there(name: str) -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE):
        for source in shlex.split(line)[:-1]:
            assert Path(source).parts[0] in sent, source
            assert (ROOT / source).exists(), source


def test_shell_health_checks_name_programs_of_their_images() -> None:
    ours = {"python": OURS, "asterisk": ["asterisk"], "pg_isready": ["postgres"], "wget": ["prometheus", "grafana"]}
    for name, service in SERVICES.items():
        if "healthcheck" in service:
            kind, program, *_ = service["healthcheck"]["test"]
            assert kind == "CMD" and name in ours[program], name
