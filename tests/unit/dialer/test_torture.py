"""Guards lists as the world makes them: exact counts, codes, lines and kept values; nothing wrong comes in silently.

Each file is one thing that spreadsheets, exports and people do to lists. What is kept is compared whole.
"""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.base.languages import Language
from voiceagent.cases import tables
from voiceagent.cases.intake import OnDuplicate
from voiceagent.dialer.importing import import_list
from voiceagent.dialer.report import Options
from voiceagent.journal.journal import Journal
from voiceagent.storage.database import Database

HEADER = "cpf_cnpj;nome;telefone1;telefone2;contrato;credor;valor_original;vencimento"
MARIA = "52998224725;Maria Inventada;11955550101;;C-1;Banco Exemplo;900,00;10/03/2026"
JOAO = "11144477735;João Inventado;11955550102;;C-2;Banco Exemplo;50,00;10/04/2026"

#: As kept: document, name, numbers, contract, owed, due.
Kept = tuple[str, str, tuple[str, ...], str, str, str]
MARIA_KEPT: Kept = ("52998224725", "Maria Inventada", ("+5511955550101",), "C-1", "900.00", "2026-03-10")
JOAO_KEPT: Kept = ("11144477735", "João Inventado", ("+5511955550102",), "C-2", "50.00", "2026-04-10")


@dataclass(frozen=True)
class Torture:
    """A file, how it is imported, and all that may come of it."""

    name: str
    data: bytes
    kept: tuple[Kept, ...]
    #: rows, imported, updated, duplicates, rejected
    counts: tuple[int, int, int, int, int]
    #: line, column, code of everything that was refused or left out
    faults: tuple[tuple[int, str, str], ...] = ()
    options: Options = field(default_factory=Options)
    suffix: str = ".csv"


def lines(*rows: str, header: str = HEADER, end: str = "\r\n", encoding: str = "utf-8") -> bytes:
    return end.join([header, *rows, ""]).encode(encoding)


def book(*rows: tuple[object, ...]) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    data = io.BytesIO()
    made.save(data)
    return data.getvalue()


def dense() -> bytes:
    """A small workbook whose sheet fills the memory of who unpacks it."""
    data = io.BytesIO(book(TITLES))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as packed, packed.open("xl/media/big", "w") as part:
        for _ in range(40):
            part.write(bytes(1 << 20))
    return data.getvalue()


def torn(workbook: bytes) -> bytes:
    """A workbook whose sheet was damaged where it is packed."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as packed_parts:
        sheet = packed_parts.getinfo("xl/worksheets/sheet1.xml")
    begins = sheet.header_offset + 30 + len(sheet.filename)
    return workbook[:begins] + b"\xff" * 64 + workbook[begins + 64 :]


def packed(workbook: bytes, name: str, part: bytes) -> bytes:
    """A workbook with another part in the place of its own."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(made, "w") as new:
        for one in old.namelist():
            new.writestr(one, part if one == name else old.read(one))
    return made.getvalue()


def changed(row: str, **cells: str) -> str:
    parts = row.split(";")
    for name, value in cells.items():
        parts[HEADER.split(";").index(name)] = value
    return ";".join(parts)


TITLES = tuple(HEADER.split(";"))
BOTH = (MARIA_KEPT, JOAO_KEPT)
TWO = (2, 2, 0, 0, 0)
FIRST_ONLY = (2, 1, 0, 0, 1)
VICIDIAL = (
    "D-77|SRC|101|55|11955550101||Maria||Inventada|Rua A|||São Paulo|SP||01000000|BR|F|1980-05-07|1133334444|"
    "maria@example.com||contrato: C-1; valor: 900,00; vencimento: 10/03/2026"
)

FILES = [
    Torture("utf-8 with a mark", b"\xef\xbb\xbf" + lines(MARIA, JOAO), BOTH, TWO),
    Torture("Windows' Western letters", lines(MARIA, JOAO, encoding="cp1252"), BOTH, TWO),
    Torture("UTF-16 with a mark", lines(MARIA, JOAO, encoding="utf-16"), BOTH, TWO),
    Torture("UTF-16 without one", lines(MARIA, JOAO, encoding="utf-16-le"), BOTH, TWO),
    Torture(
        "two encodings in one file",
        lines(JOAO) + changed(JOAO, cpf_cnpj="52998224725", nome="José Müller", contrato="C-3").encode("cp1252"),
        (JOAO_KEPT, ("52998224725", "José Müller", ("+5511955550102",), "C-3", "50.00", "2026-04-10")),
        TWO,
    ),
    Torture(
        "two encodings in one cell",
        lines(MARIA) + "11144477735;João ".encode() + b"Jo\xe3o;" + JOAO[25:].encode(),
        (MARIA_KEPT,),
        FIRST_ONLY,
        ((3, "*", "E_ROW"),),
    ),
    Torture(
        "a rare delimiter",
        lines(*(r.replace(";", "^") for r in (MARIA, JOAO)), header=HEADER.replace(";", "^")),
        BOTH,
        TWO,
    ),
    Torture("Excel's sep= line", b"sep=;\r\n" + lines(MARIA, JOAO), BOTH, TWO),
    Torture("line ends of old Macs", lines(MARIA, JOAO, end="\r"), BOTH, TWO),
    Torture("line breaks within quotes", lines(changed(MARIA, nome='"Maria\r\nInventada"'), JOAO), BOTH, TWO),
    Torture(
        "rounded to 1,23457E+10",
        lines(changed(MARIA, cpf_cnpj="5,29982E+10"), changed(JOAO, telefone1="1,19556E+10"), JOAO),
        (JOAO_KEPT,),
        (3, 1, 0, 0, 2),
        ((2, "cpf_cnpj", "E_SCI"), (3, "telefone1", "E_SCI")),
    ),
    Torture(
        "zeros lost at the front",
        lines(changed(MARIA, cpf_cnpj="12345601"), changed(JOAO, cpf_cnpj="12345602"), changed(JOAO, cpf_cnpj="191")),
        (("00012345601", *MARIA_KEPT[1:]),),
        (3, 1, 0, 0, 2),
        ((3, "cpf_cnpj", "E_DOCUMENT"), (4, "cpf_cnpj", "E_DOCUMENT")),
    ),
    Torture(
        "text kept as text by tricks",
        lines(changed(MARIA, cpf_cnpj='"=""52998224725"""', telefone1="'11955550101"), JOAO),
        BOTH,
        TWO,
    ),
    Torture(
        "old mobiles, many numbers, one bad",
        lines(changed(MARIA, telefone1="11 8765-4321 / (11) 3333-4444 | 123", telefone2="11987654321"), JOAO),
        (
            ("52998224725", "Maria Inventada", ("+5511987654321", "+551133334444"), "C-1", "900.00", "2026-03-10"),
            JOAO_KEPT,
        ),
        TWO,
        ((2, "telefone1", "E_PHONE"),),
    ),
    Torture(
        "amounts of every kind",
        lines(
            changed(MARIA, valor_original="R$ 1.234,56"),
            changed(JOAO, valor_original="1234.5"),
            changed(JOAO, valor_original="1,234"),
            changed(JOAO, valor_original="-5,00"),
            changed(JOAO, valor_original="0,00"),
        ),
        ((*MARIA_KEPT[:4], "1234.56", "2026-03-10"), (*JOAO_KEPT[:4], "1234.50", "2026-04-10")),
        (5, 2, 0, 0, 3),
        tuple((n, "valor_original", "E_AMOUNT") for n in (4, 5, 6)),
    ),
    Torture(
        "formulas and their failures",
        lines(
            changed(MARIA, nome="=HYPERLINK(1)"),
            changed(MARIA, contrato="#N/D"),
            changed(MARIA, nome="@SUM(A1)"),
            changed(MARIA, nome="+cmd|x"),
            JOAO,
        ),
        (JOAO_KEPT,),
        (5, 1, 0, 0, 4),
        ((2, "nome", "E_FORMULA"), (3, "contrato", "E_FORMULA"), (4, "nome", "E_FORMULA"), (5, "nome", "E_FORMULA")),
    ),
    Torture(
        "cells too many, too few, emptied",
        lines(MARIA + ";;;", JOAO + ";more", "52998224725;Maria", "", ";;;;;;;"),
        (MARIA_KEPT,),
        (3, 1, 0, 0, 2),
        ((3, "*", "E_ROW"), (4, "*", "E_ROW")),
    ),
    Torture(
        "a character no text has",
        lines(changed(MARIA, nome="Maria\x00"), JOAO),
        (JOAO_KEPT,),
        FIRST_ONLY,
        ((2, "*", "E_ROW"),),
    ),
    Torture(
        "a quote that is never closed",
        lines(JOAO, changed(MARIA, nome='"Maria'), *[changed(JOAO, contrato=f"C-{n}") for n in range(3, 9)]),
        (JOAO_KEPT,),
        FIRST_ONLY,
        ((3, "*", "E_ROW"),),
    ),
    Torture(
        "several debts of one person, and again",
        lines(MARIA, changed(MARIA, contrato="C-9", valor_original="1,00"), MARIA, changed(MARIA, valor_original="2")),
        ((*MARIA_KEPT[:4], "2.00", "2026-03-10"), (*MARIA_KEPT[:3], "C-9", "1.00", "2026-03-10")),
        (4, 1, 2, 1, 0),
    ),
    Torture(
        "known contracts are rejected",
        lines(MARIA, changed(MARIA, valor_original="2"), changed(MARIA, contrato="C-9")),
        (MARIA_KEPT, (*MARIA_KEPT[:3], "C-9", "900.00", "2026-03-10")),
        (3, 1, 1, 0, 1),
        ((3, "contrato", "E_DUPLICATE"),),
        Options(on_duplicate=OnDuplicate.REJECT),
    ),
    Torture(
        "known contracts are skipped",
        lines(MARIA, changed(MARIA, valor_original="2")),
        (MARIA_KEPT,),
        (2, 1, 0, 1, 0),
        options=Options(on_duplicate=OnDuplicate.SKIP),
    ),
    Torture(
        "one household, one number",
        lines(MARIA, changed(JOAO, telefone1="11955550101")),
        (MARIA_KEPT, ("11144477735", "João Inventado", ("+5511955550101",), "C-2", "50.00", "2026-04-10")),
        TWO,
    ),
    Torture(
        "two columns contradict each other",
        lines(MARIA + ";900,00", JOAO + ";51,00", header=HEADER + ";valor"),
        (MARIA_KEPT,),
        FIRST_ONLY,
        ((3, "valor_original", "E_AMBIGUOUS"),),
    ),
    Torture(
        "VICIdial without a header",
        (VICIDIAL + "\n" + VICIDIAL.replace("D-77", "D-78").replace("; vencimento: 10/03/2026", "")).encode(),
        (("id:D-77", "Maria Inventada", ("+5511955550101", "+551133334444"), "C-1", "900.00", "2026-03-10"),),
        FIRST_ONLY,
        ((2, "due", "E_MISSING"),),
        Options(creditor="Banco Exemplo"),
    ),
    Torture(
        "Newfies-Dialer with JSON",
        b'+5511955550101|Inventada|Maria||||||SP|BR||{"contrato":"C-1","valor":"900.00","vencimento":"2026-03-10",'
        b'"cpf":"52998224725"}|\n+5511955550102|B|A||||||SP|BR||{broken|\n',
        (MARIA_KEPT,),
        FIRST_ONLY,
        ((2, "more", "E_MORE"),),
        Options(creditor="Banco Exemplo"),
    ),
    Torture(
        "Newfies-Dialer with JSON deeper than anybody reads",
        b'+5511955550101|Inventada|Maria||||||SP|BR||{"contrato":"C-1","valor":"900.00","vencimento":"2026-03-10",'
        b'"cpf":"52998224725"}|\n+5511955550102|B|A||||||SP|BR||{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}|\n",
        (MARIA_KEPT,),
        FIRST_ONLY,
        ((2, "more", "E_MORE"),),
        Options(creditor="Banco Exemplo"),
    ),
    Torture(
        "a workbook with numbers, days and formulas",
        book(
            TITLES,
            (
                52998224725,
                "Maria Inventada",
                11955550101.0,
                None,
                "C-1",
                "Banco Exemplo",
                899.9999999999999,
                datetime(2026, 3, 10),
            ),
            (11144477735, "João Inventado", "11955550102", None, "C-2", "Banco Exemplo", 50, date(2026, 4, 10)),
            (12345601, "Ana Inventada", 11955550103, None, 1234567890123456789, "Banco Exemplo", 1, "10/04/2026"),
            (12345601, "Ana Inventada", 11955550103, None, "C-4", "Banco Exemplo", 1.234, "10/04/2026"),
            (12345601, "=A1", 11955550103, None, "C-5", "Banco Exemplo", 1.5, "10/04/2026"),
        ),
        BOTH,
        (5, 2, 0, 0, 3),
        ((4, "contrato", "E_SCI"), (5, "valor_original", "E_AMOUNT"), (6, "nome", "E_MISSING")),
        suffix=".xlsx",
    ),
    Torture(
        "a workbook with titles above its header",
        book(("RELATÓRIO DE DEVEDORES",), (), ("Gerado em", date(2026, 11, 18)), TITLES, tuple(MARIA.split(";"))),
        (MARIA_KEPT,),
        (1, 1, 0, 0, 0),
        suffix=".xlsx",
    ),
    Torture(
        "quotes that end before their cell does",
        lines(changed(MARIA, nome='"Maria "Bia" Inventada"'), JOAO),
        (JOAO_KEPT,),
        FIRST_ONLY,
        ((2, "*", "E_ROW"),),
    ),
    Torture(
        "letters encoded twice, in header and cells, and letters that only look so",
        lines(
            changed(MARIA, nome="João Inventado", contrato="C-2", credor="Crédito São João"),
            changed(JOAO, nome="Maria da Manhã", contrato="C-1"),
            header=HEADER.replace("contrato", "número do contrato"),
        )
        .decode()
        .replace("João", "JoÃ£o")
        .replace("Crédito São", "CrÃ©dito SÃ£o")
        .replace("número", "nÃºmero")
        .replace("Manhã", "MANHÃ – B")
        .encode(),
        (
            ("11144477735", "Maria da MANHÃ – B", ("+5511955550102",), "C-1", "50.00", "2026-04-10"),
            ("52998224725", "João Inventado", ("+5511955550101",), "C-2", "900.00", "2026-03-10"),
        ),
        TWO,
    ),
    Torture(
        "marks nobody sees and dashes of every width",
        lines(
            changed(MARIA, cpf_cnpj="\u200b529.982.247-25\ufeff", telefone1="\u202a+55 11 95555\u20110101\u202c"),
            changed(JOAO, nome="\u202eJoão Inventado\u202c", telefone1="(11)\u00a095555\u20130102"),
        ),
        BOTH,
        TWO,
    ),
    Torture(
        "controls, and letters lost on the way",
        lines(
            changed(MARIA, nome="Maria\x19Inventada"),
            changed(MARIA, nome="Jo\ufffdo Inventado"),
            changed(MARIA, contrato="C\x811"),
            JOAO,
        ),
        (JOAO_KEPT,),
        (4, 1, 0, 0, 3),
        ((2, "*", "E_ROW"), (3, "*", "E_ROW"), (4, "*", "E_ROW")),
    ),
    Torture(
        "several numbers joined by words",
        lines(changed(MARIA, telefone1="11955550101 e 1133334444 ou 11955550102")),
        ((*MARIA_KEPT[:2], ("+5511955550101", "+551133334444", "+5511955550102"), *MARIA_KEPT[3:]),),
        (1, 1, 0, 0, 0),
    ),
    Torture(
        "numbers of zeros, extensions, amounts below zero, a header in the middle, a total at the end",
        lines(
            changed(MARIA, telefone1="00000000000", telefone2="11955550101"),
            changed(JOAO, telefone1="000000"),
            changed(JOAO, telefone1="11 3333-4444 ramal 22"),
            changed(JOAO, valor_original="(50,00)"),
            changed(JOAO, valor_original="9" * 5000),
            HEADER,
            ";;;;;TOTAL;950,00;",
        ),
        (MARIA_KEPT,),
        (7, 1, 0, 0, 6),
        (
            (2, "telefone1", "E_PHONE"),
            (3, "telefone1", "E_PHONE"),
            (4, "telefone1", "E_PHONE"),
            (5, "valor_original", "E_AMOUNT"),
            (6, "valor_original", "E_AMOUNT"),
            (7, "valor_original", "E_AMOUNT"),
            (7, "vencimento", "E_DATE"),
            (7, "cpf_cnpj", "E_DOCUMENT"),
            (7, "telefone1", "E_PHONE"),
            (7, "telefone2", "E_PHONE"),
            (8, "vencimento", "E_MISSING"),
            (8, "contrato", "E_MISSING"),
            (8, "nome", "E_MISSING"),
            (8, "cpf_cnpj", "E_MISSING"),
            (8, "telefone1", "E_MISSING"),
        ),
    ),
    Torture(
        "attributes that contradict each other",
        lines(f"{MARIA};700;650", f"{JOAO};1;1", header=f"{HEADER};score;rating"),
        BOTH,
        TWO,
        ((2, "rating", "E_AMBIGUOUS"),),
    ),
    Torture(
        "two hundred columns nobody asked for",
        lines(MARIA + ";v" * 200, header=HEADER + "".join(f";x_{n}" for n in range(200))),
        (MARIA_KEPT,),
        (1, 1, 0, 0, 0),
    ),
    Torture(
        "Chile: RUT, no decimals",
        lines(
            "12.345.678-5;Eva;+56 2 2345 6789;;K-1;Tienda;1.234.567;10-03-2026",
            "12.345.678-4;Eva;+56 2 2345 6789;;K-2;Tienda;100,50;10-03-2026",
        ),
        (("123456785", "Eva", ("+56223456789",), "K-1", "1234567", "2026-03-10"),),
        FIRST_ONLY,
        ((3, "valor_original", "E_AMOUNT"), (3, "cpf_cnpj", "E_DOCUMENT")),
        Options(region="CL", language=Language.ES),
    ),
]


@pytest.mark.parametrize("torture", FILES, ids=lambda torture: torture.name)
def test_a_tortured_list(torture: Torture, journal: Journal, db: Database, tmp_path: Path) -> None:
    path = tmp_path / f"lista{torture.suffix}"
    path.write_bytes(torture.data)
    report = import_list(journal, path, torture.options)
    counts = (report.rows, report.imported, report.updated, report.duplicates, report.rejected)
    assert counts == torture.counts and counts[0] == sum(counts[1:])
    assert tuple(refused(path)) == torture.faults
    assert kept(db) == sorted(torture.kept)
    again = import_list(journal, path, torture.options)
    assert again.repeated and again.rows == report.rows and kept(db) == sorted(torture.kept)


def refused(path: Path) -> list[tuple[int, str, str]]:
    beside = path.with_name("lista.rejected.csv")
    if not beside.exists():
        return []
    with beside.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["column"] and (row["value"] or row["code"] == "E_MISSING") for row in rows)
    assert all(row["text"] and row["row"] in ("rejected", "taken without this cell") for row in rows)
    return [(int(row["line"]), row["column"], row["code"]) for row in rows]


def kept(db: Database) -> list[Kept]:
    """Everything there is, read from the tables and nothing else."""
    t = tables
    with db.read() as connection:
        numbers: dict[object, list[str]] = {}
        for row in connection.execute(sa.select(t.phone).order_by(t.phone.c.person_id, t.phone.c.position)):
            numbers.setdefault(row.person_id, []).append(row.number)
        query = (
            sa.select(t.person, t.debt.c.contract, t.debt.c.original_minor, t.debt.c.currency, t.debt.c.due)
            .join(t.debt_case, t.debt_case.c.person_id == t.person.c.id)
            .join(t.debt, t.debt.c.case_id == t.debt_case.c.id)
        )
        rows = connection.execute(query).all()
    return sorted(
        (row.document, row.name, tuple(numbers[row.id]), row.contract, money(row), row.due.isoformat()) for row in rows
    )


def money(row: sa.Row[tuple[object, ...]]) -> str:
    return str(row.original_minor) if row.currency == "CLP" else f"{row.original_minor / 100:.2f}"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "is empty"),
        (bytes(range(256)) * 20, "binary"),
        (HEADER.encode(), "no rows"),
        (lines(MARIA, header=HEADER.replace("nome", "cpf_cnpj")), "twice"),
        (f"{MARIA}\n{JOAO}\n".encode(), "no header"),
        (lines(MARIA, header=HEADER.replace("contrato", "gerente")), "lacks columns: contrato"),
        (b"PK\x03\x04 not a workbook", "no workbook"),
        (book(("a", "b"), (1, 2)), "has no header"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 508 + "EncryptedPackage".encode("utf-16-le"), "locked by a password"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 508 + "Workbook".encode("utf-16-le"), "before .xlsx"),
        (torn(book(TITLES, tuple(MARIA.split(";")))), "no workbook"),
        (
            packed(
                book(TITLES), "xl/styles.xml", b"<styleSheet><cellStyles><cellStyle x='1'/></cellStyles></styleSheet>"
            ),
            "no workbook",
        ),
        (dense(), "unpacks to more"),
        (HEADER.encode() + b"\n" + b"x" * (3 << 20), "a million characters"),
        (lines(changed(MARIA, vencimento="03/25/2026"), changed(JOAO, vencimento="04/05/2026")), "month first"),
        (HEADER.encode("utf-16") + b"\x00", "not text in utf-16"),
    ],
)
def test_what_is_no_list_is_refused_whole_in_one_line(
    journal: Journal, db: Database, tmp_path: Path, data: bytes, complaint: str
) -> None:
    path = tmp_path / "lista.csv"
    path.write_bytes(data)
    with pytest.raises(BadInputError, match=complaint) as error:
        import_list(journal, path)
    assert "\n" not in error.value.message
    with db.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM event").scalar() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM contact_list").scalar() == 0


def test_a_workbook_with_a_cover_is_read_and_its_other_lists_are_named(
    journal: Journal, db: Database, tmp_path: Path
) -> None:
    made = openpyxl.Workbook()
    cover = made.active
    assert cover is not None
    cover.append(("Carteira", "de novembro"))
    made.create_chartsheet("Gráfico")
    for title, row in (("Devedores", MARIA), ("Mais", JOAO), ("Notas", "a;b")):
        sheet = made.create_sheet(title)
        sheet.append(TITLES if title != "Notas" else ("x", "y"))
        sheet.append(row.split(";"))
    hidden = made.create_sheet("Antiga")
    hidden.append((*TITLES, "email", "uf"))
    hidden.append((*JOAO.split(";"), "joao@exemplo.com.br", "SP"))
    hidden.sheet_state = "hidden"
    path = tmp_path / "lista.xlsx"
    made.save(path)
    report = import_list(journal, path)
    assert (report.rows, report.imported, report.sheets_left_out) == (1, 1, ["Mais", "Antiga"])
    assert kept(db) == [MARIA_KEPT]


def test_no_cell_of_the_rejected_file_is_a_formula(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "lista.csv"
    evil = ("=1+1", "+1", "-1", "@x", "\t=1")
    path.write_bytes(lines(*[changed(MARIA, valor_original=f'"{cell}"') for cell in evil]))
    assert import_list(journal, path).rejected == len(evil)
    with path.with_name("lista.rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row.values())
