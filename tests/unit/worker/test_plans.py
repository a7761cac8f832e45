"""What the configuration says of dialing reaches the workers of `voiceagent up`, and nonsense is refused before."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceagent.base.errors import BadInputError
from voiceagent.cli.main import build_parser
from voiceagent.dialer.guarding import guards_of
from voiceagent.settings.config import load_settings
from voiceagent.settings.paths import Paths
from voiceagent.settings.sipfile import SipFile
from voiceagent.telephony.capacity import Library, library
from voiceagent.worker import house
from voiceagent.worker.house import MachineRoom, Wishes
from voiceagent.worker.household import worker_spec
from voiceagent.worker.plan import WorkerPlan

CHOSEN = {"caller_id": "+551133330000", "guard_s": 300, "lease_s": 120, "ring_s": 20, "mode": "pilot"}


def test_every_dial_setting_reaches_every_worker(tmp_path: Path) -> None:
    env = {"VOICEAGENT_HOME": str(tmp_path), "VOICEAGENT_DIAL__ALLOW": "+5511955550100"}
    env |= {f"VOICEAGENT_DIAL__{key.upper()}": str(value) for key, value in CHOSEN.items()}
    paths = Paths.from_environment(env)
    sip = SipFile(registrar="127.0.0.1:5060", seats={f"seat{n}": "secret" for n in range(5)})
    room = MachineRoom(paths, load_settings(paths, environ=env), sip, Wishes("Atende Mais", seats_per_worker=4))
    plans = room._plans()
    assert [len(plan.seats) for plan in plans] == [4, 1]
    for plan in plans:
        assert {key: getattr(plan, key) for key in CHOSEN} == CHOSEN
        assert plan.allowed_numbers == ("+5511955550100",)


@pytest.mark.parametrize(("calls", "workers"), [(4, [4, 4, 4, 4, 4, 4, 4, 2]), (20, [20, 10]), (256, [25, 5])])
def test_a_worker_has_the_seats_that_its_library_was_compiled_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int, workers: list[int]
) -> None:
    """And no more than may end together with a process that dies."""
    monkeypatch.setattr(house, "library", lambda: Library("2.17", calls))
    paths = Paths.from_environment({"VOICEAGENT_HOME": str(tmp_path)})
    sip = SipFile(registrar="127.0.0.1:5060", seats={f"seat{n}": "secret" for n in range(30)})
    plans = MachineRoom(paths, load_settings(paths, environ={}), sip, Wishes("Atende Mais"))._plans()
    assert [len(plan.seats) for plan in plans] == workers


@pytest.mark.parametrize(("base", "ports"), [(0, [0, 0, 0]), (9111, [9111, 9112, 9113])])
def test_each_worker_s_figures_have_a_port_of_their_own(tmp_path: Path, base: int, ports: list[int]) -> None:
    given = build_parser().parse_args(["up", "--company", "Atende Mais", "--worker-metrics-port", str(base)])
    room = _three_workers(tmp_path, given.worker_metrics_port)
    assert [plan.metrics_port for plan in room._plans()] == ports


def test_figures_beyond_the_last_port_are_refused_in_words(tmp_path: Path) -> None:
    assert _three_workers(tmp_path, 65533)._plans()[-1].metrics_port == 65535
    with pytest.raises(BadInputError, match="3 workers need a port each"):
        _three_workers(tmp_path, 65534)._plans()


def _three_workers(home: Path, figures: int) -> MachineRoom:
    paths = Paths.from_environment({"VOICEAGENT_HOME": str(home)})
    sip = SipFile(registrar="127.0.0.1:5060", seats={f"seat{n}": "secret" for n in range(3)})
    wishes = Wishes("Atende Mais", seats_per_worker=1, worker_metrics_port=figures)
    return MachineRoom(paths, load_settings(paths, environ={}), sip, wishes)


def test_calls_may_go_on_for_as_long_as_was_wished(tmp_path: Path) -> None:
    paths = Paths.from_environment({"VOICEAGENT_HOME": str(tmp_path)})
    sip = SipFile(registrar="127.0.0.1:5060", seats={"seat1": "secret"})
    room = MachineRoom(paths, load_settings(paths, environ={}), sip, Wishes("Atende Mais", drain_s=33.0))
    (plan,) = room._plans()
    assert plan.drain_s == 33.0
    assert worker_spec(plan, tmp_path / "plan.json").stop_s > 33.0, "its supervisor is more patient than itself"


def test_the_library_itself_is_asked() -> None:
    found = library()
    assert found.calls >= 4 and found.seats <= found.calls and found.version[0].isdigit()


def test_the_guards_reach_the_workers_as_they_were_written(tmp_path: Path) -> None:
    env = {"VOICEAGENT_HOME": str(tmp_path), "VOICEAGENT_GUARDS__KEPT_FOR_INBOUND": "2"}
    paths = Paths.from_environment(env)
    settings = load_settings(paths, environ=env)
    sip = SipFile(registrar="127.0.0.1:5060", seats={"seat1": "secret"})
    (plan,) = MachineRoom(paths, settings, sip, Wishes("Atende Mais"))._plans()
    read = WorkerPlan.read(plan.write(tmp_path / "plan.json"))
    guards = guards_of(read.guards)
    assert guards == guards_of(settings.guards.model_dump()) and guards.kept_for_inbound == 2
    assert isinstance(guards.canary.calls, int)


def test_a_caller_id_that_no_phone_could_show_is_refused(tmp_path: Path) -> None:
    env = {"VOICEAGENT_HOME": str(tmp_path), "VOICEAGENT_DIAL__CALLER_ID": "3333-0000"}
    with pytest.raises(BadInputError, match="VOICEAGENT_DIAL__CALLER_ID"):
        load_settings(Paths.from_environment(env), environ=env)
