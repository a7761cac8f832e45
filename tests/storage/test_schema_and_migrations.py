"""Guards the migrations: up gives exactly what the rooms' tables say, down gives nothing, on both databases."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

import voiceagent.cases.tables
import voiceagent.dialer.tables
import voiceagent.journal.tables
from voiceagent.storage import faults, migrate
from voiceagent.storage.database import Database
from voiceagent.storage.schema import DEFAULT_TENANT, metadata

#: In the database's own words: reflection leaves out the conditions of partial indexes.
INDEXES = {
    "sqlite": sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :name AND sql IS NOT NULL"),
    "postgresql": sa.text("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = :name"),
}


def shape(connection: sa.Connection) -> dict[str, Any]:
    """Everything about the schema that the database itself will tell."""
    inspector = sa.inspect(connection)
    found: dict[str, Any] = {}
    for table in inspector.get_table_names():
        if table == "alembic_version":
            continue
        found[table] = {
            "columns": [
                (c["name"], str(c["type"]), c["nullable"], str(c["default"])) for c in inspector.get_columns(table)
            ],
            "key": inspector.get_pk_constraint(table),
            "foreign": sorted(map(str, inspector.get_foreign_keys(table))),
            "unique": sorted(map(str, inspector.get_unique_constraints(table))),
            "checks": sorted(str((c["name"], c["sqltext"])) for c in inspector.get_check_constraints(table)),
            "indexes": sorted(connection.execute(INDEXES[connection.dialect.name], {"name": table}).scalars()),
        }
    return found


def test_migrated_schema_is_the_tables_schema(empty_url: str) -> None:
    db = Database(empty_url)
    with db.write() as connection:
        metadata.create_all(connection)
        wanted = shape(connection)
        metadata.drop_all(connection)
    db.upgrade()
    with db.read() as connection:
        found = shape(connection)
    db.close()
    assert found.keys() == wanted.keys() == metadata.tables.keys()
    for table in wanted:
        assert found[table] == wanted[table], table


def test_the_comparison_would_see_a_difference(empty_url: str) -> None:
    db = Database(empty_url)
    db.upgrade()
    with db.write() as connection:
        before = shape(connection)
        connection.exec_driver_sql("DROP INDEX uq_attempt_live_person")
        connection.exec_driver_sql("CREATE UNIQUE INDEX uq_attempt_live_person ON attempt (tenant_id, person_id)")
        assert shape(connection) != before
    db.close()


def test_up_and_down_and_up(empty_url: str) -> None:
    db = Database(empty_url)
    with pytest.raises(faults.OutdatedError, match="voiceagent db upgrade"):
        db.require_current()
    assert db.upgrade()[-1] == migrate.head()
    assert db.upgrade() == []
    db.require_current()
    with db.read() as connection:
        tenants = connection.exec_driver_sql("SELECT name FROM tenant").scalars().all()
        assert tenants == ["default"]
        assert connection.execute(sa.select(voiceagent.cases.tables.tenant.c.id)).scalar() == DEFAULT_TENANT
    db.downgrade("base")
    with db.read() as connection:
        assert shape(connection) == {}
    assert db.revision() is None
    assert db.upgrade()[0] == "0001"
    db.close()


def test_entries_of_lists_survive_the_way_up_and_down(empty_url: str) -> None:
    db = Database(empty_url)
    db.upgrade("0013")
    now, ids = datetime(2026, 11, 18, 13, 0, tzinfo=UTC), [uuid.uuid4() for _ in range(4)]
    creditor, person, case, brought = ids
    common = {"tenant_id": DEFAULT_TENANT, "created_at": now, "updated_at": now}
    counts = dict.fromkeys(("rows", "imported", "updated", "duplicates", "rejected"), 0)
    rows: list[tuple[str, dict[str, Any]]] = [
        ("creditor", {"id": creditor, "name": "Banco", "tenant_id": DEFAULT_TENANT, "created_at": now}),
        ("person", {"id": person, "language": "pt-BR", "region": "BR", "identity_ref": person} | common),
        ("debt_case", {"id": case, "person_id": person, "creditor_id": creditor, "stage": "amicable"} | common),
        ("contact_list", {"id": brought, "tenant_id": DEFAULT_TENANT, "batch": "b", "file": "f", "sha256": "0",
                          "mapping": {}, "imported_at": now} | counts),
    ]  # fmt: skip
    with db.write() as connection:
        for name, row in rows:
            connection.execute(sa.insert(metadata.tables[name]), row)
        for values in (f"1, NULL, NULL, '{DEFAULT_TENANT}', 'rejected', 'E_ROW'",
                       f"2, '{person}', '{case}', '{DEFAULT_TENANT}', 'imported', NULL"):  # fmt: skip
            connection.exec_driver_sql(
                "INSERT INTO list_entry (list_id, row_number, person_id, case_id, tenant_id, status, reason) "
                f"VALUES ('{brought}', {values})"
            )
    before = entries(db)
    db.upgrade()
    assert entries(db) == [{name: value for name, value in row.items() if name != "person_id"} for row in before]
    db.downgrade("0013")
    assert entries(db) == before and before[1]["person_id"] == str(person)
    db.close()


def entries(db: Database) -> list[dict[str, Any]]:
    with db.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM list_entry ORDER BY row_number").mappings()
        return [{name: value if value is None else str(value) for name, value in row.items()} for row in rows]


def test_a_database_newer_than_the_program_is_named_as_such(db: Database) -> None:
    with db.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'from_tomorrow'")
    with pytest.raises(faults.OutdatedError, match="newer"):
        db.require_current()


def test_a_missing_table_asks_for_the_upgrade(empty_url: str) -> None:
    db = Database(empty_url)
    with pytest.raises(faults.OutdatedError, match="voiceagent db upgrade"), db.read() as connection:
        connection.execute(sa.select(voiceagent.cases.tables.tenant))
    db.close()


def test_every_row_of_every_table_says_whose_it_is() -> None:
    without = [name for name, table in metadata.tables.items() if "tenant_id" not in table.c]
    assert sorted(without) == ["lease", "tenant"]


def test_no_two_money_columns_without_a_currency() -> None:
    for name, table in metadata.tables.items():
        if any(column.name.endswith("_minor") for column in table.columns):
            assert "currency" in table.c, name
