"""The one error family: every failure a person may see carries a stable code and one line saying what to do."""

from __future__ import annotations

from collections.abc import Mapping


class VoiceagentError(Exception):
    """A failure with a stable `code` (snake_case, for machines) and a `message` (one line, for people).

    `values`: what of the message is not the same each time, for whoever says it in another language.
    """

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, values: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.values = {name: str(value) for name, value in (values or {}).items()}
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return self.message


class UsageError(VoiceagentError):
    """The command line or a batch line cannot be understood (exit 2)."""

    code = "usage"


class BadInputError(VoiceagentError):
    """A file or value given by a person is not what it must be; nothing of it was kept."""

    code = "bad_input"


def unreadable(what: object, error: Exception, *, code: str | None = None) -> BadInputError:
    """The error for a file that could not be read: `what` is its path, with a word before it where that helps."""
    if isinstance(error, UnicodeDecodeError):
        why = f"it is not text in UTF-8 (byte {error.start + 1})"
    else:
        why = getattr(error, "strerror", None) or " ".join(str(error).split())
    return BadInputError(f"cannot read {what}: {why}", code=code)


class MissingPartError(VoiceagentError):
    """A part that must be installed (model, library, server) is absent; the message names the command that mends it."""

    code = "missing_part"


#: What mends a Python package that is missing: all that is locked, by hash. Never by the name `voiceagent`: the package
#: index has a stranger's program under it.
INSTALL = ".venv/bin/pip install --require-hashes -r requirements.lock (in the checkout)"


class UnavailableError(VoiceagentError):
    """A peer (Asterisk, database, speech process) does not answer now."""

    code = "unavailable"


class DeniedError(VoiceagentError):
    """Law, policy or dial mode forbids it. `retry_at` is an ISO instant or None when never."""

    code = "denied"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        values: Mapping[str, object] | None = None,
        retry_at: str | None = None,
    ) -> None:
        super().__init__(message, code=code, values=values)
        self.retry_at = retry_at
