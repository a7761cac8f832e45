"""The model store: installs catalogue models into one directory, each whole or not at all, and checks them."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import json
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from voiceagent.base.errors import BadInputError, MissingPartError, UnavailableError
from voiceagent.speech.catalogue import Model, find
from voiceagent.speech.fetch import Progress, digest, fetch

RECORD = "installed.json"
#: What reading a damaged archive may raise.
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError)


@dataclass(frozen=True, slots=True)
class State:
    """One model in the store."""

    model: Model
    installed: bool
    version: str = ""
    """The installed version."""
    problem: str = ""
    """What is wrong with it, "" when nothing is."""


class ModelStore:
    """`directory` holds the installed models, `cache` what was downloaded for them."""

    def __init__(self, directory: Path, cache: Path, catalogue: Sequence[Model], progress: Progress) -> None:
        self.directory = directory
        self.catalogue = tuple(catalogue)
        self._cache = cache
        self._progress = progress

    def states(self) -> list[State]:
        """Every model of the catalogue and whether it is installed (sizes looked at, contents not)."""
        return [self._state(model, deep=False) for model in self.catalogue]

    def verify(self, names: Sequence[str] = ()) -> list[State]:
        """The installed models (or those named) with every file's digest computed anew."""
        chosen = [find(name, self.catalogue) for name in names] if names else self.catalogue
        states = [self._state(model, deep=True) for model in chosen]
        return states if names else [state for state in states if state.installed or state.problem]

    def install(self, name: str) -> bool:
        """Install one model; False when it was there already, whole and of this version.

        UnavailableError or MissingPartError when it cannot be had; then nothing of it is left but the cache.
        """
        model = find(name, self.catalogue)
        with self._alone():
            state = self._state(model, deep=False)
            if state.installed and not state.problem and state.version == model.version:
                return False
            self._install(model)
            return True

    def _install(self, model: Model) -> None:
        building = self.directory / f".{model.name}-{os.getpid()}"
        shutil.rmtree(building, ignore_errors=True)
        archives: list[Path] = []
        try:
            archives += (fetch(source, self._cache, self._progress) for source in model.sources)
            building.mkdir(parents=True)
            for path in _build(model, archives, building):
                self._progress(f"  {model.name}/{path}")
            self._record(model, building)
            target = self.directory / model.name
            shutil.rmtree(target, ignore_errors=True)
            building.replace(target)
        except _DAMAGE as error:
            # What has a digest was checked: fetching it again would change nothing.
            unsure = [kept for source, kept in zip(model.sources, archives, strict=True) if source.sha256 is None]
            for kept in unsure:
                kept.unlink(missing_ok=True)
            gone = f"; {', '.join(kept.name for kept in unsure)} was removed: run the command again" if unsure else ""
            raise UnavailableError(f"{model.name}: an archive is damaged ({error}){gone}") from error
        except OSError as error:
            raise UnavailableError(
                f"cannot install {model.name}: {error.strerror or error} ({error.filename})"
            ) from error
        finally:
            shutil.rmtree(building, ignore_errors=True)

    def default_names(self) -> list[str]:
        """What is installed when nothing is named."""
        return [model.name for model in self.catalogue if model.default != "never"]

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One installation at a time: a second one waits and then finds the work done."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            lock = (self.directory / ".lock").open("w")
        except OSError as error:
            raise UnavailableError(f"cannot write to {self.directory}: {error.strerror}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._progress("waiting for another installation into this directory")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _state(self, model: Model, *, deep: bool) -> State:
        directory = self.directory / model.name
        if not directory.is_dir():
            return State(model, installed=False)
        try:
            record: dict[str, Any] = json.loads((directory / RECORD).read_text(encoding="utf-8"))
            files = record["files"]
        except (OSError, ValueError, KeyError):
            return State(model, installed=False, problem=f"unfinished; run `voiceagent models install {model.name}`")
        problem = ""
        for path, expected in files.items():
            wrong = _compare(directory / path, expected, deep=deep)
            if wrong:
                problem = f"{path} {wrong}; run `voiceagent models install {model.name}`"
                break
        return State(model, True, str(record.get("version", "")), problem)

    def _record(self, model: Model, folder: Path) -> None:
        files = {
            str(path.relative_to(folder)): {"sha256": digest(path), "size": path.stat().st_size}
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        for wanted in model.files:
            if files.get(wanted.path, {}).get("sha256") != wanted.sha256:
                raise UnavailableError(f"{model.name}: {wanted.path} is not the file that was pinned; not installed")
        missing = [path for path in model.must_hold if path not in files]
        if missing:
            raise UnavailableError(f"{model.name}: the archive lacks {', '.join(missing)}; not installed")
        record = {"name": model.name, "version": model.version, "licence": model.licence, "files": files}
        (folder / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")


def _compare(path: Path, expected: dict[str, Any], *, deep: bool) -> str:
    try:
        size = path.stat().st_size
    except OSError:
        return "is missing"
    if size != expected["size"]:
        return f"has {size} bytes instead of {expected['size']}"
    if deep and digest(path) != expected["sha256"]:
        return "was changed"
    return ""


def _build(model: Model, archives: Sequence[Path], target: Path) -> Iterator[str]:
    """Unpack what the model consists of, naming each file when it is there."""
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(contextlib.closing(_Archive(path))) for path in archives]
        if model.folder:
            prefix = model.folder + "/"
            for name in opened[0].names():
                if name.startswith(prefix) and not name.endswith("/"):
                    _write(target, name.removeprefix(prefix), [opened[0].open(name)])
            yield "(all files)"
        for file in model.files:
            _write(target, file.path, [opened[source].open(name) for source, name in file.members])
            yield file.path


def _write(target: Path, path: str, streams: Sequence[IO[bytes]]) -> None:
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts:
        raise BadInputError(f"the archive names a file outside its folder: {path}")
    out = target / relative
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("wb") as sink:
        for stream in streams:
            with stream:
                shutil.copyfileobj(stream, sink, 1 << 20)


class _Archive:
    """A zip (wheels are) or a gzipped tar, read by member name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip: zipfile.ZipFile | None = None
        self._tar: tarfile.TarFile | None = None
        if path.suffix == ".tgz":
            self._tar = tarfile.open(path, "r:gz")  # noqa: SIM115 - closed by close()
        else:
            self._zip = zipfile.ZipFile(path)

    def names(self) -> list[str]:
        return self._zip.namelist() if self._zip else self._tar.getnames() if self._tar else []

    def open(self, name: str) -> IO[bytes]:
        try:
            if self._zip is not None:
                return self._zip.open(name)
            assert self._tar is not None
            stream = self._tar.extractfile(name)
        except KeyError as error:
            raise MissingPartError(f"{self._path.name} lacks {name}: the catalogue is out of date") from error
        if stream is None:
            raise MissingPartError(f"{self._path.name}: {name} is not a file")
        return stream

    def close(self) -> None:
        for archive in (self._zip, self._tar):
            if archive is not None:
                archive.close()
