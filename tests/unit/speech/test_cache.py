"""Guards the phrase cache: whole files only, two writers at once, a bound on its size, a bank that stays."""

from __future__ import annotations

import errno
import multiprocessing
import os
from pathlib import Path

import pytest

from voiceagent.speech.synthesis.cache import PhraseCache
from voiceagent.speech.synthesis.spec import VoiceSpec

VOICE = VoiceSpec("kokoro", "pf_dora", "pt-BR")


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def test_what_was_put_is_there_and_only_under_its_own_voice_and_text(tmp_path):
    cache = PhraseCache(tmp_path)
    cache.put(VOICE, "Bom dia.", b"pcm")
    assert cache.get(VOICE, "Bom dia.") == b"pcm"
    assert cache.get(VOICE, " Bom  dia. ") == b"pcm", "spacing is not a difference in sound"
    assert cache.get(VOICE, "Bom dia") is None
    assert cache.get(VoiceSpec("kokoro", "pm_alex", "pt-BR"), "Bom dia.") is None
    assert cache.get(VoiceSpec("kokoro", "pf_dora", "pt-BR", 1.1), "Bom dia.") is None
    assert cache.get(VoiceSpec("kokoro", "pf_dora", "es"), "Bom dia.") is None


def test_another_process_sees_it(tmp_path):
    PhraseCache(tmp_path).put(VOICE, "Bom dia.", b"pcm", bank=True)
    assert PhraseCache(tmp_path).get(VOICE, "Bom dia.") == b"pcm"
    assert PhraseCache(tmp_path).has(VOICE, "Bom dia.")
    assert PhraseCache(tmp_path).bank_size() == (1, 3)


def test_names_of_files_say_nothing_of_the_text(tmp_path):
    PhraseCache(tmp_path).put(VOICE, "Bom dia.", b"pcm")
    assert all("dia" not in str(path.relative_to(tmp_path)) for path in files(tmp_path))


def write_many(directory: str, mark: int, barrier) -> None:
    cache = PhraseCache(Path(directory))
    barrier.wait()
    for number in range(150):
        cache.put(VOICE, f"phrase {number % 10}", bytes([mark]) * 20_000)


def test_two_writers_of_the_same_phrases_leave_whole_files(tmp_path):
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(3)
    writers = [context.Process(target=write_many, args=(str(tmp_path), mark, barrier)) for mark in (1, 2)]
    for writer in writers:
        writer.start()
    cache = PhraseCache(tmp_path)
    barrier.wait()
    seen = 0
    while any(writer.is_alive() for writer in writers):
        for number in range(10):
            pcm = cache.get(VOICE, f"phrase {number}")
            if pcm is not None:
                seen += 1
                assert pcm in (b"\1" * 20_000, b"\2" * 20_000)
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert len(files(tmp_path)) == 10
    assert all(cache.get(VOICE, f"phrase {number}") for number in range(10))


def test_the_least_recently_used_goes_first_and_the_bank_stays(tmp_path):
    cache = PhraseCache(tmp_path, limit=10_000)
    cache.put(VOICE, "bank", bytes(50_000), bank=True)
    for number in range(10):
        cache.put(VOICE, f"{number}", bytes(1000))
    for age, path in enumerate(sorted((tmp_path / "recent").glob("*/*.pcm"))):
        os.utime(path, ns=(age, age))
    assert cache.get(VOICE, "0") is not None, "used again: now the newest"
    cache.put(VOICE, "one too many", bytes(1000))
    kept = {number for number in range(10) if cache.get(VOICE, f"{number}") is not None}
    assert 0 in kept
    assert len(kept) < 10
    assert sum(path.stat().st_size for path in files(tmp_path / "recent")) <= 10_000
    assert cache.get(VOICE, "bank") is not None
    assert cache.get(VOICE, "one too many") is not None


def test_a_directory_that_cannot_be_written_costs_only_the_bank_an_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    cache = PhraseCache(blocked)
    cache.put(VOICE, "Bom dia.", b"pcm")
    assert cache.get(VOICE, "Bom dia.") is None
    with pytest.raises(OSError, match=r"."):
        cache.put(VOICE, "Bom dia.", b"pcm", bank=True)


def test_an_empty_file_is_no_unit(tmp_path):
    cache = PhraseCache(tmp_path)
    cache.put(VOICE, "Bom dia.", b"pcm", bank=True)
    cache.put(VOICE, "Boa tarde.", b"pcm")
    for path in files(tmp_path):
        path.write_bytes(b"")
    assert not cache.has(VOICE, "Bom dia.")
    assert cache.get(VOICE, "Bom dia.") is None and cache.get(VOICE, "Boa tarde.") is None
    cache.put(VOICE, "Bom dia.", b"pcm")
    assert cache.get(VOICE, "Bom dia.") == b"pcm"


def test_the_bank_is_on_the_disk_before_it_has_its_name_and_a_full_disk_keeps_no_half(tmp_path, monkeypatch):
    cache, synced = PhraseCache(tmp_path), []

    def full(descriptor: int) -> None:
        synced.append(descriptor)
        assert not list(tmp_path.rglob("*.pcm"))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        cache.put(VOICE, "Bom dia.", b"pcm", bank=True)
    assert len(synced) == 1 and files(tmp_path) == []
