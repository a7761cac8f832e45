"""Guards imports: counts add up to the file's rows, nothing wrong is taken in silently, every refusal says where."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.base.languages import Language
from voiceagent.cases import tables
from voiceagent.cases.intake import OnDuplicate
from voiceagent.cases.kinds import DebtStatus
from voiceagent.cases.store import load_case
from voiceagent.debt.case import Case
from voiceagent.dialer import importing
from voiceagent.dialer.campaigns import set_state
from voiceagent.dialer.importing import Options, Report, import_list
from voiceagent.dialer.lists import undo_list
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import CampaignState, contact_list, enrollment, list_entry
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import DebtStatusChanged
from voiceagent.journal.journal import Journal
from voiceagent.storage.database import Database

HEADER = (
    "cpf_cnpj;nome;telefone1;telefone2;email;nascimento;uf;"
    "contrato;credor;produto;valor_original;valor_atualizado;vencimento"
)
GOOD = (
    "52998224725;Maria Inventada;(11) 95555-0101;;maria@example.com;07/05/1980;SP;"
    "C-1;Banco Exemplo;cartão;900,00;1.200,00;10/03/2026"
)
OTHER = "11144477735;João Inventado;11955550102;;;;RJ;C-2;Banco Exemplo;cartão;R$ 50,00;50,00;10/04/2026"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def make(*lines: str, header: str = HEADER, name: str = "lista.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes("\r\n".join([header, *lines, ""]).encode(encoding))
        return path

    return make


def cases(db: Database) -> list[Case]:
    with db.read() as connection:
        ids = connection.execute(sa.select(tables.debt_case.c.id).order_by(tables.debt_case.c.id)).scalars().all()
        return [load_case(connection, case_id).case for case_id in ids]


def adds_up(report: Report) -> None:
    assert report.rows == report.imported + report.updated + report.duplicates + report.rejected


def faults(report: Report) -> list[tuple[str, ...]]:
    assert report.rejected_file is not None
    with Path(report.rejected_file).open(encoding="utf-8-sig", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def test_a_brazilian_spreadsheet_comes_in(journal: Journal, db: Database, write: Callable) -> None:
    report = import_list(journal, write(GOOD, OTHER))
    adds_up(report)
    assert (report.rows, report.imported, report.rejected, report.rejected_file) == (2, 2, 0, None)
    maria, joao = cases(db)
    assert maria.name == "Maria Inventada" and maria.document == "52998224725" and maria.state == "SP"
    assert maria.phones == ("+5511955550101",) and maria.emails == ("maria@example.com",)
    assert maria.birth_date == date(1980, 5, 7) and maria.language is Language.PT_BR
    (debt,) = maria.debts
    assert (str(debt.original), str(debt.charges), debt.due) == ("900.00", "300.00", date(2026, 3, 10))
    assert str(joao.debts[0].original) == "50.00" and joao.debts[0].charges.minor == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_encodings_and_delimiters(
    journal: Journal, db: Database, write: Callable, encoding: str, delimiter: str
) -> None:
    row = OTHER.replace("R$ 50,00;50,00", "50.00;50.00")
    path = write(row.replace(";", delimiter), header=HEADER.replace(";", delimiter), encoding=encoding)
    assert import_list(journal, path).imported == 1
    assert cases(db)[0].name == "João Inventado"


def test_the_same_file_is_known_again_and_changes_nothing(journal: Journal, db: Database, write: Callable) -> None:
    path = write(GOOD, OTHER, "123;x;1;;;;;C;B;p;1;1;1")
    first = import_list(journal, path)
    with db.read() as connection:
        events = connection.exec_driver_sql("SELECT count(*) FROM event").scalar()
    second = import_list(journal, path)
    adds_up(second)
    assert second.repeated and second.batch == first.batch and second.rows == 3
    assert (second.imported, second.updated, second.duplicates, second.rejected) == (0, 0, 2, 1)
    with db.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM event").scalar() == events


def test_a_corrected_file_updates_and_repeats_are_duplicates(journal: Journal, write: Callable, db: Database) -> None:
    import_list(journal, write(GOOD, OTHER))
    second_debt = GOOD.replace("C-1", "C-9")
    report = import_list(
        journal, write(GOOD, OTHER.replace("50,00;50,00", "50,00;60,00"), second_debt, GOOD, name="b.csv")
    )
    adds_up(report)
    assert (report.imported, report.updated, report.duplicates) == (0, 2, 2)
    maria, joao = cases(db)
    assert [debt.contract for debt in maria.debts] == ["C-1", "C-9"] and str(joao.total) == "60.00"


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("cpf_cnpj", "5,29982E+10", "E_SCI"),
        ("cpf_cnpj", "52998224724", "E_DOCUMENT"),
        ("cpf_cnpj", "11111111111", "E_DOCUMENT"),
        ("cpf_cnpj", "", "E_MISSING"),
        ("nome", "", "E_MISSING"),
        ("nome", "???", "E_NAME"),
        ("nome", "x" * 201, "E_LONG"),
        ("telefone1", "", "E_MISSING"),
        ("telefone1", "1,19556E+12", "E_SCI"),
        ("telefone1", "95555-0101", "E_PHONE"),
        ("telefone1", "20955550101", "E_PHONE"),
        ("telefone1", "11999999999", "E_PHONE"),
        ("telefone1", "não tem", "E_PHONE"),
        ("contrato", "", "E_MISSING"),
        ("contrato", "1,23E+15", "E_SCI"),
        ("credor", "", "E_MISSING"),
        ("valor_original", "1.2E+3", "E_SCI"),
        ("valor_original", "-900,00", "E_AMOUNT"),
        ("valor_original", "900,005", "E_AMOUNT"),
        ("valor_original", "1.23.456,00", "E_AMOUNT"),
        ("valor_atualizado", "800,00", "E_TOTAL"),
        ("valor_original", "1,100", "E_AMOUNT"),
        ("valor_atualizado", "mil e duzentos", "E_AMOUNT"),
        ("vencimento", "", "E_MISSING"),
        ("vencimento", "31/02/2026", "E_DATE"),
        ("vencimento", "10/03/26", "E_DATE"),
        ("vencimento", "46091", "E_DATE"),
        ("vencimento", "10/03/1026", "E_DATE"),
    ],
)
def test_a_bad_cell_rejects_its_row_with_line_column_value_and_code(
    journal: Journal, db: Database, write: Callable, column: str, value: str, code: str
) -> None:
    cells = GOOD.split(";")
    cells[HEADER.split(";").index(column)] = value
    report = import_list(journal, write(OTHER, ";".join(cells)))
    adds_up(report)
    assert (report.imported, report.rejected) == (1, 1)
    ((line, where, shown, why, text, fate),) = faults(report)
    assert (line, where, why, fate) == ("3", column, code, "rejected") and text
    assert shown.lstrip("'") == value
    assert [case.name for case in cases(db)] == ["João Inventado"]
    with db.read() as connection:
        entry = connection.execute(sa.select(list_entry).where(list_entry.c.row_number == 2)).one()
    assert entry.reason == code and entry.case_id is None


def test_every_fault_of_a_rejected_row_is_told_at_once(journal: Journal, db: Database, write: Callable) -> None:
    row = "52998224726;;123;456;maria(at)example;ontem;ZZ;;Banco Exemplo;=x;9oo;abc;46091"
    report = import_list(journal, write(OTHER, row))
    assert (report.imported, report.rejected, report.warnings) == (1, 1, 0), "of a rejected row no cell was taken"
    told = faults(report)
    assert {(line, fate) for line, *_, fate in told} == {("3", "rejected")}
    assert [(where, code) for _, where, _, code, _, _ in told] == [
        ("valor_original", "E_AMOUNT"), ("valor_atualizado", "E_AMOUNT"), ("vencimento", "E_DATE"),
        ("contrato", "E_MISSING"), ("produto", "E_FORMULA"), ("nome", "E_MISSING"), ("cpf_cnpj", "E_DOCUMENT"),
        ("telefone1", "E_PHONE"), ("nascimento", "E_DATE"), ("telefone2", "E_PHONE"), ("email", "E_EMAIL"),
        ("uf", "E_STATE"),
    ]  # fmt: skip


def test_a_duplicate_that_is_refused_says_so_first_and_counts_no_cell_as_left_out(
    journal: Journal, db: Database, write: Callable
) -> None:
    import_list(journal, write(GOOD))
    again = write(GOOD.replace("07/05/1980", "ontem"), OTHER)
    report = import_list(journal, again, Options(on_duplicate=OnDuplicate.REJECT))
    assert (report.imported, report.rejected, report.warnings) == (1, 1, 0)
    assert [(code, fate) for *_, code, _, fate in faults(report)] == [
        ("E_DUPLICATE", "rejected"),
        ("E_DATE", "rejected"),
    ]


def test_what_was_put_right_is_counted_of_rows_that_were_taken(journal: Journal, write: Callable) -> None:
    mobile = GOOD.replace("(11) 95555-0101", "(11) 9555-0101")
    report = import_list(journal, write(mobile, mobile.replace("C-1", ""), mobile.replace("10/03/2026", "")))
    assert (report.imported, report.rejected, report.mended) == (1, 2, {"ninth digit added": 1})


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [("telefone2", "123", "E_PHONE"), ("email", "maria(at)example", "E_EMAIL"), ("nascimento", "1/1/2030", "E_DATE"),
     ("nascimento", "ontem", "E_DATE"), ("uf", "ZZ", "E_STATE")],
)  # fmt: skip
def test_a_bad_cell_that_can_be_spared_is_left_out_and_named(
    journal: Journal, write: Callable, column: str, value: str, code: str, db: Database
) -> None:
    cells = GOOD.split(";")
    cells[HEADER.split(";").index(column)] = value
    report = import_list(journal, write(";".join(cells)))
    assert (report.imported, report.rejected, report.warnings) == (1, 0, 1)
    ((_, where, shown, why, _, fate),) = faults(report)
    assert (where, shown, why, fate) == (column, value, code, "taken without this cell")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("11955550101", "+5511955550101"), ("(11) 95555-0101", "+5511955550101"), ("011 95555 0101", "+5511955550101"),
        ("+55 11 95555-0101", "+5511955550101"), ("5511955550101", "+5511955550101"), ("1133334444", "+551133334444"),
        ("11 8765-4321", "+5511987654321"), ("11955550101.0", "+5511955550101"),
    ],
)  # fmt: skip
def test_telephones_as_people_write_them(
    journal: Journal, db: Database, write: Callable, written: str, meant: str
) -> None:
    assert import_list(journal, write(GOOD.replace("(11) 95555-0101", written))).imported == 1
    assert cases(db)[0].phones == (meant,)


def test_several_telephones_in_a_cell_and_area_codes_apart(journal: Journal, db: Database, write: Callable) -> None:
    header = HEADER.replace("telefone1;telefone2", "ddd1;telefone1")
    joined = GOOD.replace("(11) 95555-0101;", '21;"95555-0103 / (11) 95555-0104"')
    assert import_list(journal, write(joined, header=header)).imported == 1
    assert cases(db)[0].phones == ("+5521955550103", "+5511955550104")


def test_lost_zeros_of_a_cpf_return(journal: Journal, db: Database, write: Callable) -> None:
    report = import_list(journal, write(GOOD.replace("52998224725", str(int("00012345601")))))
    assert report.imported == 1 and report.mended == {"zeros put back": 1}
    assert cases(db)[0].document == "00012345601"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("900", "900.00"), ("900,5", "900.50"), ("1.100,00", "1100.00"), ("1,100.00", "1100.00"), ("1.100", "1100.00"),
     ("R$ 1.100,00", "1100.00"), ("1100.5", "1100.50")],
)  # fmt: skip
def test_amounts_as_people_write_them(
    journal: Journal, db: Database, write: Callable, written: str, meant: str
) -> None:
    assert import_list(journal, write(GOOD.replace(";900,00;", f";{written};"))).imported == 1
    assert str(cases(db)[0].debts[0].original) == meant


def test_charges_may_come_in_parts(journal: Journal, db: Database, write: Callable) -> None:
    header = HEADER.replace("valor_atualizado", "juros;multa")
    assert import_list(journal, write(GOOD.replace("1.200,00", "90,10;9,90"), header=header)).imported == 1
    assert str(cases(db)[0].debts[0].charges) == "100.00"


def test_spanish_and_english_headers(journal: Journal, db: Database, write: Callable, tmp_path: Path) -> None:
    header = "RFC,Nombre Completo,Teléfono Celular 1,Contrato,Acreedor,Monto,Saldo,Fecha de Vencimiento"
    row = 'GODE561231GR8,Eva Inventada,55 5555 0101,K-1,Tienda Ejemplo,"1,000.00","1,250.50",10/03/2026'
    report = import_list(journal, write(row, header=header), Options(region="MX", language=Language.ES))
    assert report.imported == 1
    (eva,) = cases(db)
    assert eva.phones == ("+525555550101",) and str(eva.total) == "1250.50" and eva.debts[0].original.currency == "MXN"
    header = "ssn,first_name,last_name,Cell Phone,contract,creditor,amount,due date"
    row = "536904399,Ann,Invented,(212) 555-0101,K-2,Example Store,100.00,03/10/2026"
    english = import_list(journal, write(row, header=header, name="us.csv"), Options(region="US", language=Language.EN))
    assert english.imported == 1
    ann = cases(db)[-1]
    assert ann.name == "Ann Invented" and ann.debts[0].due == date(2026, 3, 10) and ann.phones == ("+12125550101",)


def test_rows_that_do_not_fit_the_header(journal: Journal, write: Callable) -> None:
    report = import_list(journal, write(GOOD, GOOD + ";more", "only;three;cells", "", ";;;;;;;;;;;;", OTHER))
    adds_up(report)
    assert (report.rows, report.imported, report.rejected) == (4, 2, 2)
    assert [(line, code) for line, _, _, code, _, _ in faults(report)] == [("3", "E_ROW"), ("4", "E_ROW")]


def test_a_quote_left_open_swallows_nothing_silently(journal: Journal, write: Callable) -> None:
    broken = GOOD.replace("Maria Inventada", '"Maria Inventada')
    report = import_list(journal, write(OTHER, broken, *[OTHER.replace("C-2", f"C-{n}") for n in range(3, 12)]))
    adds_up(report)
    ((line, _, _, code, text, _),) = faults(report)
    assert (report.rows, report.imported, line, code) == (2, 1, "3", "E_ROW") and "quote" in text


def test_what_an_earlier_list_of_the_same_name_got_wrong_is_not_told_of_this_one(
    journal: Journal, write: Callable, tmp_path: Path
) -> None:
    beside = tmp_path / "lista.rejected.csv"
    assert import_list(journal, write(GOOD.replace("52998224725", "52998224726"))).rejected == 1 and beside.exists()
    mended = import_list(journal, write(GOOD))
    assert (mended.imported, mended.rejected, mended.rejected_file) == (1, 0, None) and not beside.exists()
    # What is not ours stays.
    beside.write_text("my own notes", encoding="utf-8")
    assert import_list(journal, write(GOOD.replace("C-1", "C-77"))).rejected_file is None
    assert beside.read_text(encoding="utf-8") == "my own notes"


def test_formulas_are_disarmed_in_the_rejected_file_and_it_is_private(journal: Journal, write: Callable) -> None:
    report = import_list(journal, write(GOOD.replace("C-1", "C-1").replace("900,00", "=1+1", 1), OTHER))
    assert faults(report)[0][2] == "'=1+1"
    assert report.rejected_file is not None and Path(report.rejected_file).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot read"),
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\x00\x01\x02\x03" * 50, "binary"),
        (b"PK\x03\x04rest", "no workbook"),
        (HEADER.encode(), "no rows"),
        (b"52998224725;Maria;11955550101\n", "no header"),
        (
            b"nome;telefone1\nMaria;11955550101\n",
            "lacks columns: contrato, vencimento, valor_original, cpf_cnpj",
        ),
        (b"nome\x81;telefone1\nMaria;11955550101\n", "neither UTF-8 nor Windows"),
    ],
)
def test_what_is_no_list_is_refused_in_one_line_and_leaves_nothing(
    journal: Journal, db: Database, tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    path = tmp_path / "lista.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInputError, match=complaint) as refused:
        import_list(journal, path)
    assert "\n" not in refused.value.message
    with db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(contact_list)).scalar() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM event").scalar() == 0
    assert not list(tmp_path.glob("*.rejected.csv"))


def test_a_directory_is_no_list(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="directory"):
        import_list(journal, tmp_path)


def test_a_dry_run_says_the_same_and_keeps_nothing(
    journal: Journal, db: Database, write: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(importing, "PIECE", 2)
    path = write(GOOD, OTHER, GOOD, GOOD.replace("C-1", "C-7"), GOOD.replace("900,00", "x", 1))
    dry = import_list(journal, path, Options(dry_run=True, campaign="nova"))
    with db.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM event").scalar() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM campaign").scalar() == 0
    assert dry.rejected_file is None and dry.faults[0].code == "E_AMOUNT" and not list(tmp_path.glob("*.rejected*"))
    real = import_list(journal, path)
    for report in (dry, real):
        adds_up(report)
        assert (report.rows, report.imported, report.updated, report.duplicates, report.rejected) == (5, 2, 1, 1, 1)


def test_a_broken_off_import_goes_on_where_it_stopped(
    journal: Journal, db: Database, write: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PIECE", 2)
    rows = [GOOD.replace("C-1", f"C-{n}") for n in range(6)]
    rows[1] = rows[1].replace("900,00", "x", 1)
    rows[5] = rows[5].replace("900,00", "y", 1)
    path = write(*rows)

    def die(report: Report) -> None:
        if report.rows == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_list(journal, path, progress=die)
    report = import_list(journal, path)
    adds_up(report)
    assert (report.rows, report.imported, report.updated, report.rejected) == (6, 1, 3, 2)
    assert [line for line, *_ in faults(report)] == ["3", "7"]
    with db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(list_entry)).scalar() == 6
        assert connection.execute(sa.select(sa.func.count()).select_from(contact_list)).scalar() == 1


def test_a_list_feeds_a_campaign_and_can_be_taken_back(
    journal: Journal, db: Database, write: Callable, queue: Queue
) -> None:
    before = import_list(journal, write(OTHER, name="old.csv"), Options(campaign="teste"))
    assert before.enrolled == 1
    path = write(GOOD, OTHER)
    report = import_list(journal, path, Options(campaign="teste"))
    assert report.enrolled == 1 and (report.imported, report.duplicates) == (1, 1)
    assert undo_list(journal, report.batch) == 1
    set_state(journal, "teste", CampaignState.RUNNING)
    lease = queue.lease("seat-1")
    assert lease is not None and lease.case.name == "João Inventado" and queue.lease("seat-2") is None
    with pytest.raises(BadInputError, match="already"):
        undo_list(journal, report.batch)
    with pytest.raises(BadInputError, match="no list"):
        undo_list(journal, "nothing")
    again = import_list(journal, path, Options(campaign="outra"))
    assert not again.repeated and again.batch != report.batch and again.enrolled == 2
    set_state(journal, "outra", CampaignState.RUNNING)
    assert queue.lease("seat-2", campaign="outra") is not None


def test_who_left_a_campaign_with_a_list_comes_back_with_the_next(
    journal: Journal, write: Callable, queue: Queue
) -> None:
    first = import_list(journal, write(GOOD), Options(campaign="teste"))
    set_state(journal, "teste", CampaignState.RUNNING)
    undo_list(journal, first.batch)
    assert queue.lease("seat-1") is None
    assert import_list(journal, write(GOOD), Options(campaign="teste")).enrolled == 1
    lease = queue.lease("seat-1")
    assert lease is not None and lease.case.name == "Maria Inventada"


def test_who_owed_nothing_any_more_comes_back_with_a_new_debt(journal: Journal, write: Callable, queue: Queue) -> None:
    import_list(journal, write(GOOD), Options(campaign="teste"))
    set_state(journal, "teste", CampaignState.RUNNING)
    with journal.db.read() as connection:
        debt = connection.execute(sa.select(tables.debt.c.id, tables.debt.c.case_id)).one()
    journal.record([NewEvent("case", debt.case_id, DebtStatusChanged(debt.id, DebtStatus.PAID), "test")])
    assert queue.lease("seat-1") is None
    assert (
        import_list(journal, write(GOOD.replace("C-1", "C-9"), name="b.csv"), Options(campaign="teste")).enrolled == 1
    )
    lease = queue.lease("seat-1")
    assert lease is not None and [debt.contract for debt in lease.case.debts] == ["C-9"]


def test_the_same_file_for_a_second_campaign_enrols_again(journal: Journal, db: Database, write: Callable) -> None:
    path = write(GOOD, OTHER)
    import_list(journal, path, Options(campaign="uma"))
    report = import_list(journal, path, Options(campaign="outra"))
    assert report.repeated and report.enrolled == 2
    with db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(enrollment)).scalar() == 4


def test_not_yet_due_is_preventive(journal: Journal, db: Database, write: Callable) -> None:
    import_list(journal, write(GOOD.replace("10/03/2026", "10/12/2026"), OTHER))
    with db.read() as connection:
        stages = connection.execute(sa.select(tables.debt_case.c.stage)).scalars().all()
    assert sorted(stages) == ["amicable", "preventive"]


def test_unknown_columns_are_named(journal: Journal, write: Callable) -> None:
    report = import_list(journal, write(GOOD + ";850", header=HEADER + ";Gerente"))
    assert report.ignored == ["Gerente"] and report.mapping["nome"] == "name"


def test_excel_says_its_delimiter_first(journal: Journal, write: Callable) -> None:
    report = import_list(journal, write(HEADER, GOOD, header="sep=;"))
    assert (report.rows, report.imported) == (1, 1)


def test_a_full_disk_for_the_rejected_file_keeps_nothing_of_the_piece(
    journal: Journal, db: Database, write: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importing.RejectedRows, "write", full)
    with pytest.raises(OSError, match="No space"):
        import_list(journal, write(GOOD, GOOD.replace("900,00", "x", 1)))
    with db.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM event").scalar() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM contact_list").scalar() == 0
