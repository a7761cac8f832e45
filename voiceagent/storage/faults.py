"""What a database's failure means for a person: locked, unreachable, full, outdated; one line each."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from voiceagent.base.errors import UnavailableError, VoiceagentError

UPGRADE = "run: voiceagent db upgrade"

#: SQLSTATEs of PostgreSQL after which the same work may succeed: deadlock, serialization, lock not available.
_BUSY = {"40P01", "40001", "55P03", "57014"}
_OUTDATED = {"42P01", "42703"}


class OutdatedError(VoiceagentError):
    """The schema is not the one this program was built for."""

    code = "database_outdated"


def explain(error: DBAPIError, address: str) -> VoiceagentError | None:
    """The error people see for `error`, or None when it is no fault of circumstances but of the program."""
    text = str(error.orig).splitlines()[0] if str(error.orig) else ""
    state = getattr(error.orig, "sqlstate", None)
    if "is locked" in text or state in _BUSY:
        return UnavailableError(
            f"the database {address} is locked by another program; try again, or stop what holds it",
            code="database_locked",
        )
    if "no such table" in text or "no such column" in text or state in _OUTDATED:
        return OutdatedError(f"the database {address} lacks what this version needs; {UPGRADE}")
    if "database or disk is full" in text or state == "53100":
        return UnavailableError(f"no space left for the database {address}; free some and try again", code="disk_full")
    if "readonly database" in text:
        return UnavailableError(f"the database {address} may not be written by this user", code="database_readonly")
    if "unable to open database file" in text:
        told = f"cannot open the database {address}: check its path and permissions"
        return UnavailableError(told, code="database_unreadable")
    if "file is not a database" in text or "malformed" in text:
        return UnavailableError(f"{address} is not a database of ours or is damaged: restore a backup", code="damaged")
    # By name, so that the driver is needed by nobody else; psycopg has a class of its own below it for each SQLSTATE.
    lost = any(kind.__name__ == "OperationalError" for kind in type(error.orig).__mro__)
    unreachable = lost and (state is None or state[:2] in ("08", "57", "28"))
    if unreachable and not address.startswith("sqlite"):
        return UnavailableError(f"the database {address} does not answer ({text}); start it or mend the address")
    return None
