"""Guards that secrets are private files, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceagent.base.errors import BadInputError
from voiceagent.settings.secretfile import keep_secret, read_secret


def test_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "home" / "ami.secret"
    first = keep_secret(path)
    assert len(first) >= 32 and keep_secret(path) == first == read_secret(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    keep_secret(path, "chosen")
    path.chmod(0o644)
    with pytest.raises(BadInputError, match="chmod 600"):
        read_secret(path)


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_missing_or_empty_says_so(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_text(content)
        path.chmod(0o600)
    with pytest.raises(BadInputError, match="token"):
        read_secret(path)
