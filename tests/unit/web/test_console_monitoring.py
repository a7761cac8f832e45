"""Guards the probes and the figures: readiness with its reason, names in rules and docs, nobody named."""

from __future__ import annotations

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
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",)}
Client = TestClient[Any, Any]


def _sample_names(registry: CollectorRegistry) -> set[str]:
    return {metric.name + suffix for metric in registry.collect() for suffix in SUFFIXES.get(metric.type, ("",))}


def _all_names(shop: Shop) -> set[str]:
    service = Service(Leadership(shop.db, shop.clock), shop.clock, [Tick("t", 1.0, lambda: 0)])
    business = [BusinessCollector(shop.db, shop.clock)]
    own = _sample_names(build_registry(shop.context, Live(shop.context), service, business))
    return own | _sample_names(SpeechMetrics().registry)


def _expressions() -> list[str]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def test_rules_name_only_figures_that_exist(shop: Shop) -> None:
    exported = _all_names(shop)
    recorded = set(re.findall(r"record: (\S+)", RULES.read_text(encoding="utf-8")))
    assert recorded
    for expression in _expressions():
        for name in re.findall(r"\bvoiceagent[_:][a-z0-9_:]+", expression):
            assert name in exported or name in recorded, f"{name} in {expression}"


def test_every_division_is_guarded() -> None:
    for expression in _expressions():
        for divisor in expression.split(" / ")[1:]:
            assert re.match(r"\(.*\) > 0\)", divisor), expression


def test_the_documentation_names_every_figure_and_no_other(shop: Shop) -> None:
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    named = {name for name in re.findall(r"`(voiceagent_[a-z0-9_]+)`", text)}
    service = Service(Leadership(shop.db, shop.clock), shop.clock, [Tick("t", 1.0, lambda: 0)])
    registry = build_registry(shop.context, Live(shop.context), service, [BusinessCollector(shop.db, shop.clock)])
    existing = {
        metric.name + ("_total" if metric.type == "counter" else "")
        for source in (registry, SpeechMetrics().registry, WorkerMetrics().registry)
        for metric in source.collect()
        if metric.name.startswith("voiceagent_")
    }
    assert named == existing


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("check", [["rules", "rules.yml"], ["config", "prometheus.yml"]])
def test_prometheus_takes_them(check: list[str]) -> None:
    done = subprocess.run(["promtool", "check", *check], cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


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
