"""Alembic used from code: the migrations travel inside the package and need no alembic.ini."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voiceagent.storage.faults import UPGRADE, OutdatedError

if TYPE_CHECKING:
    import sqlalchemy as sa
    from alembic.config import Config
    from alembic.script import ScriptDirectory

#: Serialises two programs that upgrade at once on PostgreSQL (SQLite's write lock does it there).
_ADVISORY = 7_203_451_101


def upgrade(connection: sa.Connection, revision: str = "head") -> list[str]:
    """Apply what is missing up to `revision` within the caller's transaction; returns the revisions applied."""
    from alembic import command

    _lock(connection)
    before = current(connection)
    command.upgrade(_config(connection), revision)
    after = current(connection)
    if after is None or after == before:
        return []
    walked = _scripts().iterate_revisions(after, before)
    return [script.revision for script in walked][::-1]


def downgrade(connection: sa.Connection, revision: str) -> None:
    """Undo down to `revision` within the caller's transaction."""
    from alembic import command

    _lock(connection)
    command.downgrade(_config(connection), revision)


def current(connection: sa.Connection) -> str | None:
    """The revision the database is at."""
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The revision this program was built for."""
    revision = _scripts().get_current_head()
    if revision is None:
        raise OutdatedError("the package holds no migrations: install it again")
    return revision


def require_current(connection: sa.Connection) -> None:
    """OutdatedError naming the command that mends it, unless the database is at `head()`."""
    found, wanted = current(connection), head()
    if found == wanted:
        return
    if found is None:
        raise OutdatedError(f"the database is empty; {UPGRADE}")
    if found not in {script.revision for script in _scripts().walk_revisions()}:
        raise OutdatedError(f"the database is newer ({found}) than this program ({wanted}): install the newer version")
    raise OutdatedError(f"the database is at {found}, this program needs {wanted}; {UPGRADE}")


def _lock(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY})")


def _config(connection: sa.Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "voiceagent.storage:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())
