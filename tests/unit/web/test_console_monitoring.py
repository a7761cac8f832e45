"""Guards the probes and the figures: readiness with its reason, names in rules, dashboards and docs, nobody named."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp.test_utils import TestClient
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from tests.web.shop import PEOPLE, Shop
from voiceagent.cases.kinds import SeatState
from voiceagent.debt.disposition import Disposition
from voiceagent.dialer.campaigns import change_campaign, create_campaign, enroll, set_state
from voiceagent.dialer.limits import Hours
from voiceagent.dialer.measures import DialerCollector
from voiceagent.dialer.tables import CampaignState
from voiceagent.kpi.exporter import BusinessCollector
from voiceagent.service.leader import Leadership
from voiceagent.service.ticks import Service, Tick
from voiceagent.speech.metrics import SpeechMetrics
from voiceagent.storage.database import Database
from voiceagent.web.live import Live
from voiceagent.web.monitoring import build_registry
from voiceagent.worker.metrics import WorkerMetrics

ROOT = Path(__file__).resolve().parents[3]
RULES = ROOT / "metrics" / "rules.yml"
DASHBOARDS = sorted((ROOT / "metrics" / "grafana").glob("*.json"))
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",)}
Client = TestClient[Any, Any]

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def _promtool(*arguments: str, directory: Path) -> None:
    done = subprocess.run(["promtool", *arguments], cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


#: A name, a number or a label value of Prometheus that stands where a metric could.
_WORD = re.compile(r"(?<![\w:.$])[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])")
_NOT_METRICS = {"and", "or", "unless", "by", "without", "on", "ignoring", "offset", "bool"}
#: Put on by the scraper, or made by it.
_OF_THE_SCRAPE = {"instance", "job", "le"}


def _sample_names(registry: CollectorRegistry) -> set[str]:
    return {metric.name + suffix for metric in registry.collect() for suffix in SUFFIXES.get(metric.type, ("",))}


def _registries(shop: Shop) -> list[CollectorRegistry]:
    service = Service(Leadership(shop.db, shop.clock), shop.clock, [Tick("t", 1.0, lambda: 0)])
    business = [BusinessCollector(shop.db, shop.clock)]
    speech = SpeechMetrics()
    speech.turns.labels("vosk", "heard").inc()
    speech.recognise_seconds.labels("vosk").observe(0.2)
    speech.glances.labels("seen").inc()
    speech.prompts.labels("kokoro", "cache").inc()
    speech.synthesise_seconds.labels("kokoro", "cache").observe(0.1)
    own = build_registry(shop.context, Live(shop.context), service, business)
    dialing = CollectorRegistry()
    dialing.register(DialerCollector(shop.db, shop.clock, shop.journal.tenant_id))
    return [own, dialing, speech.registry, WorkerMetrics().registry]


def _all_names(shop: Shop) -> set[str]:
    return {name for registry in _registries(shop) for name in _sample_names(registry)}


def _labels(shop: Shop) -> dict[str, set[str]]:
    """Labels by sample name, of whatever has samples."""
    found: dict[str, set[str]] = {}
    for registry in _registries(shop):
        for metric in registry.collect():
            for sample in metric.samples:
                found.setdefault(sample.name, set()).update(sample.labels)
    return found


def _rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _alerts() -> list[str]:
    return [rule["expr"] for rule in _rules() if "alert" in rule]


def _expressions() -> list[str]:
    return [rule["expr"] for rule in _rules()]


def _shown() -> list[str]:
    """What the dashboards ask, with Grafana's variables filled in."""
    found = []
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]:
            found += [target["expr"] for target in panel.get("targets", [])]
    return [re.sub(r"\$__(rate_interval|range)", "1m", text).replace("$campaign", ".*") for text in found]


def _metrics_in(expression: str) -> set[str]:
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\b(by|without|on|ignoring)\s*\([^)]*\)|\boffset\s+\w+", " ", expression)
    return set(_WORD.findall(bare)) - _NOT_METRICS


def test_rules_and_dashboards_name_only_figures_that_exist(shop: Shop) -> None:
    existing = _all_names(shop) | {rule["record"] for rule in _rules() if "record" in rule} | {"up"}
    asked = [(expression, _metrics_in(expression)) for expression in [*_expressions(), *_shown()]]
    assert len(_shown()) > 30
    for expression, names in asked:
        assert names, expression
        assert names <= existing, f"{names - existing} in {expression}"


def test_what_counts_as_a_metric_name() -> None:
    asked = 'sum by (le) (rate(voiceagent_a_bucket{x="y"}[5m])) / (b:c offset 1w > 0) unless up == 5e9'
    assert _metrics_in(asked) == {"voiceagent_a_bucket", "b:c", "up"}


def test_rules_and_dashboards_use_labels_and_words_that_exist(shop: Shop) -> None:
    shop.morning()
    campaign = create_campaign(shop.journal, "novembro")
    with shop.journal.transaction() as connection:
        enroll(shop.journal, connection, campaign, [shop.taken[0].case_id])
    set_state(shop.journal, "novembro", CampaignState.RUNNING)
    change_campaign(shop.journal, "novembro", hours=Hours("UTC", {}))
    labels = _labels(shop)
    words = {
        ("voiceagent_agents", "state"): set(SeatState),
        ("voiceagent_agent_state_seconds_total", "state"): set(SeatState),
        ("voiceagent_hopper_items", "status"): {"ready", "leased", "waiting_window", "capped", "waiting"},
        ("voiceagent_calls_ended_total", "disposition"): set(Disposition),
        ("voiceagent_calls_attempted_total", "direction"): {"in", "out"},
        ("voiceagent_compliance_decisions_total", "decision"): {"allow", "deny"},
        ("voiceagent_turns_total", "result"): {"ok", "no_input", "no_match", "dtmf", "bargein", "ignored"},
    }
    recorded = {}
    for rule in _rules():
        if "record" in rule:
            grouped = re.findall(r"by \(([^)]*)\)", rule["expr"])
            recorded[rule["record"]] = {name.strip() for group in grouped for name in group.split(",")} - {"le"}
    checked = 0
    for expression in [*_expressions(), *_shown()]:
        here: set[str] = set()
        for name in _metrics_in(expression):
            here |= recorded.get(name, labels.get(name, set())) | _OF_THE_SCRAPE
        for name, selector in re.findall(r"([\w:]+)\{([^}]*)\}", expression):
            known = recorded.get(name, labels.get(name, set())) | _OF_THE_SCRAPE
            for label, value in re.findall(r'(\w+)\s*[=!]=?~?\s*"([^"]*)"', selector):
                assert label in known, f"{name} has no label {label}: {expression}"
                if (name, label) in words:
                    assert set(value.split("|")) <= words[name, label], f"{label} of {expression}"
                    checked += 1
        for group in re.findall(r"by \(([^)]*)\)", expression):
            assert {label.strip() for label in group.split(",")} <= here, expression
    assert checked > 10


def test_every_division_is_guarded() -> None:
    for expression in _expressions():
        for divisor in expression.split(" / ")[1:]:
            assert re.match(r"\(.*\) > 0\)", divisor), expression


def test_the_documentation_names_every_figure_and_no_other(shop: Shop) -> None:
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    named = {name for name in re.findall(r"`(voiceagent_[a-z0-9_]+)`", text)}
    existing = {
        metric.name + ("_total" if metric.type == "counter" else "")
        for source in _registries(shop)
        for metric in source.collect()
        if metric.name.startswith("voiceagent_")
    }
    assert named == existing


@needs_promtool
@pytest.mark.parametrize("check", [["rules", "rules.yml"], ["config", "prometheus.yml"]])
def test_prometheus_takes_them(check: list[str]) -> None:
    _promtool("check", *check, directory=RULES.parent)


@needs_promtool
def test_rules_give_what_their_cases_say() -> None:
    _promtool("test", "rules", "rules_test.yml", "rules_week_test.yml", directory=RULES.parent)


def test_every_rule_has_a_case() -> None:
    cases = "".join(file.read_text(encoding="utf-8") for file in RULES.parent.glob("rules*_test.yml"))
    for rule in _rules():
        assert rule.get("record") or f"alertname: {rule['alert']}" in cases, rule
        assert "alert" in rule or rule["record"] in cases or rule["record"] in str(_alerts()), rule


@needs_promtool
def test_prometheus_parses_what_dashboards_ask(tmp_path: Path) -> None:
    rules = [{"record": f"shown:{number}", "expr": expression} for number, expression in enumerate(_shown())]
    (tmp_path / "shown.yml").write_text(yaml.safe_dump({"groups": [{"name": "shown", "rules": rules}]}))
    _promtool("check", "rules", "shown.yml", directory=tmp_path)


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_a_dashboard_fits_its_grid_and_asks_the_chosen_source(file: Path) -> None:
    board = json.loads(file.read_text(encoding="utf-8"))
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert max(x for x, _ in cells) < 24 and len(set(cells)) == len(cells)
    variables = {variable["name"] for variable in board["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(panels)))
    assert used == variables
    for panel in panels:
        if panel["type"] != "row":
            assert panel["title"] and panel["targets"]
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_the_page_is_parsed_counts_the_calls_and_names_nobody(visit: Any, shop: Shop) -> None:
    shop.morning()

    async def script(client: Client) -> None:
        answer = await client.get("/metrics")
        assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain")
        text = await answer.text()
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        assert len({(sample.name, *sorted(sample.labels.items())) for sample in samples}) == len(samples)

        def total(name: str, **labels: str) -> float:
            return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())

        assert total("voiceagent_calls_attempted_total") == 8
        assert total("voiceagent_promised_amount_total", currency="BRL") == 2400
        assert total("voiceagent_agents", state="talking") == 1
        assert total("voiceagent_database_up") == 1
        assert total("voiceagent_build_info") == 1
        assert any(s.name == "process_resident_memory_bytes" for s in samples)
        for name, number in PEOPLE:
            assert name not in text and number not in text

    visit(script)


def test_without_a_database_it_lives_is_not_ready_and_says_why(visit: Any, shop: Shop, tmp_path: Path) -> None:
    shop.db = Database(f"sqlite:///{tmp_path / 'empty.db'}")

    async def script(client: Client) -> None:
        assert (await client.get("/live")).status == 200
        answer = await client.get("/ready")
        assert answer.status == 503 and answer.content_type == "application/problem+json"
        assert "voiceagent db upgrade" in (await answer.json())["detail"]
        text = await (await client.get("/metrics")).text()
        assert "voiceagent_database_up 0.0" in text and "voiceagent_calls_attempted" not in text
        calls = await client.get("/v1/calls", headers={"Authorization": "Bearer " + "t" * 43})
        assert calls.status == 503 and (await calls.json())["code"] == "database_outdated"

    visit(script)


def test_a_database_in_order_is_ready(visit: Any) -> None:
    async def script(client: Client) -> None:
        answer = await client.get("/ready")
        assert answer.status == 200 and await answer.json() == {"status": "ready"}

    visit(script)
