"""Guards lists on both databases: the same rows whatever keeps them, odd letters included, and a replay that agrees."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import BadInputError
from voiceagent.cases import tables
from voiceagent.cases.erasure import erase_person
from voiceagent.cases.replay import check
from voiceagent.dialer.importing import import_list
from voiceagent.dialer.lists import undo_list
from voiceagent.dialer.mappings import all_mappings, load_mapping, save_mapping
from voiceagent.dialer.report import Options
from voiceagent.journal.journal import Journal
from voiceagent.storage.bulk import insert_many
from voiceagent.storage.database import Database

HEADER = "cpf_cnpj;nome;telefone1;telefone2;email;contrato;credor;produto;valor;vencimento;score;x_gerente"
ROWS = (
    r"52998224725;Ana \N Inventada;11955550101;1133334444;a@example.com;C\t1;Banco 'Exemplo';cartão;900,00;"
    '10/03/2026;850;"Zé ""tab\t"" \\"',
    "11144477735;João Ünïcode 😀;11955550102;;;C-2;Banco 'Exemplo';;50,00;10/04/2026;;",
    "52998224725;Ana \\N Inventada;11955550103;;;C-3;Banco 'Exemplo';;1,00;10/04/2026;0,5;",
)


@pytest.fixture
def journal(db: Database, clock: ManualClock) -> Journal:
    return Journal(db, clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "lista.csv"
    made.write_text("\n".join([HEADER, *ROWS, ""]), encoding="utf-8")
    return made


def sound(db: Database) -> None:
    report = check(db, [*cases.PROJECTIONS, *dialer.PROJECTIONS], tables.PROJECTED)
    assert report.sound, report


def test_a_list_is_kept_letter_by_letter_and_replays(journal: Journal, db: Database, path: Path) -> None:
    report = import_list(journal, path, Options(campaign="uma", purpose="reminder"))
    assert (report.rows, report.imported, report.updated, report.enrolled) == (3, 2, 1, 2)
    t = tables
    with db.read() as connection:
        names = connection.execute(sa.select(t.person.c.name).order_by(t.person.c.document)).scalars().all()
        contracts = connection.execute(sa.select(t.debt.c.contract).order_by(t.debt.c.contract)).scalars().all()
        numbers = connection.execute(sa.select(t.phone.c.number).order_by(t.phone.c.number)).scalars().all()
        kept = connection.execute(sa.select(t.attribute).order_by(t.attribute.c.name)).all()
    assert names == ["João Ünïcode 😀", r"Ana \N Inventada"]
    assert contracts == ["C-2", "C-3", r"C\t1"]
    assert numbers == ["+551133334444", "+5511955550101", "+5511955550102", "+5511955550103"]
    assert [(one.name, one.value) for one in kept] == [("gerente", 'Zé "tab\t" \\'), ("score", "0.5")]
    assert {(one.source, one.purpose, one.obtained_at) for one in kept} == {
        (f"list {report.batch}", "reminder", journal.clock.now())
    }
    sound(db)


def test_updates_withdrawals_and_erasures_replay(
    journal: Journal, db: Database, path: Path, clock: ManualClock
) -> None:
    first = import_list(journal, path)
    clock.advance(60)
    changed = path.with_name("nova.csv")
    text = path.read_text(encoding="utf-8")
    changed.write_text(text.replace("Ana \\N", "Ana Maria").replace("50,00", "60,00").replace(";850;", ";851;"))
    second = import_list(journal, changed)
    assert (second.imported, second.updated, second.duplicates) == (0, 3, 0)
    assert undo_list(journal, first.batch) == 0, "both cases came again"
    assert undo_list(journal, second.batch) == 0, "it brought no case of its own"
    sound(db)
    with db.read() as connection:
        person = connection.execute(sa.select(tables.person.c.id).where(tables.person.c.name.like("Ana%"))).scalar_one()
    assert erase_person(journal, person, reason="asked") == 4
    with db.read() as connection:
        assert set(connection.execute(sa.select(tables.attribute.c.value)).scalars()) == {None}
        left = connection.execute(sa.text("SELECT count(*) FROM private WHERE body LIKE '%Ana%'")).scalar()
    assert left == 0
    sound(db)
    assert import_list(journal, path).imported == 1, "nobody knows any more that she was here"
    sound(db)


def test_mappings_are_kept_and_used(journal: Journal, db: Database, tmp_path: Path) -> None:
    save_mapping(journal, "banco", {"Código": "debtor_id", "Nº": "contract", "CPF": ""}, {"creditor": "Banco Exemplo"})
    save_mapping(journal, "banco", {"Código": "document", "Nº": "contract"}, {"creditor": "Banco Exemplo"})
    with db.read() as connection:
        saved = load_mapping(connection, "banco", journal.tenant_id)
        assert all_mappings(connection, journal.tenant_id) == [saved]
        with pytest.raises(BadInputError, match="no mapping"):
            load_mapping(connection, "outro", journal.tenant_id)
    assert saved.columns == {"codigo": "document", "n": "contract"}
    path = tmp_path / "lista.csv"
    path.write_text("Código;Nome;Fone;Nº;Valor;Vencimento\n52998224725;Ana;11955550101;C-1;9,00;10/03/2026\n")
    report = import_list(journal, path, Options(columns=saved.columns, creditor=saved.options["creditor"]))
    assert (report.imported, report.mapping["Nº"]) == (1, "contract")
    for name, columns in (("ruim nome", {}), ("b", {"Nome": "nonsense"})):
        with pytest.raises(BadInputError):
            save_mapping(journal, name, columns, {})
    with pytest.raises(BadInputError, match="no column gerente"):
        import_list(journal, path, Options(columns={"gerente": "creditor"}))


def test_a_broken_rule_in_bulk_is_an_integrity_error_and_keeps_nothing(journal: Journal, db: Database) -> None:
    tenant = ("00000000-0000-7000-8000-000000000002", "twice", "2026-11-18T13:00:00.000000Z")
    with pytest.raises(sa.exc.IntegrityError), journal.transaction() as connection:
        insert_many(connection, tables.tenant, ("id", "name", "created_at"), [tenant, tenant])
    with db.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM tenant WHERE name = 'twice'").scalar() == 0
