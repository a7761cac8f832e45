"""A migrated SQLite file that tests copy: migrating takes seconds, copying none."""

from __future__ import annotations

from pathlib import Path

from voiceagent.storage.database import Database


def migrated(path: Path) -> Path:
    """`path` as an empty database of today's schema, in one file: nothing of it is left in a write-ahead log."""
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA query_only=OFF")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path
