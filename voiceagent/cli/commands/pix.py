"""`voiceagent pix`: the codes payers copy and paste, read and written."""

from __future__ import annotations

import argparse
import json
from typing import Any

from voiceagent.base.errors import UsageError
from voiceagent.cli.actions import add_action

HELP = 'write and read Pix codes ("copia e cola"), static and dynamic'
EXAMPLE = (
    "voiceagent pix encode --key financeiro@exemplo.com.br --name 'Credor Exemplo SA' --city 'São Paulo' "
    "--amount 250.00 --txid ACORDO0000000001"
)

_WRITTEN = (
    """\n  echo '{"id":1,"key":"financeiro@exemplo.com.br","name":"Credor Exemplo SA","city":"São Paulo","""
    """"amount":"250.00","txid":"ACORDO1","description":"parcela 1"}' | voiceagent pix encode --batch -"""
    """\n  echo '{"id":2,"url":"pix.example.com/qr/v2/9d36b84f","name":"Credor Exemplo SA","city":"São Paulo"}' """
    "| voiceagent pix encode --batch -"
)

#: Options of `encode`: the fields of a batch line.
_FIELDS = {
    "key": "CPF, CNPJ, e-mail, telephone like +5511987654321 or random key: a static code",
    "url": "address of the charge at the payee's bank: a dynamic code",
    "name": "payee, at most 25 characters; accents are taken off",
    "city": "payee's city, at most 15 characters",
    "amount": "like 250.00; left out: the payer types it",
    "txid": "up to 25 letters and digits, to find the payment by",
    "description": "shown to the payer, up to 72 characters less the key",
    "initiation": "11: may be paid again and again; 12: once",
    "postal_code": "payee's CEP",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    encode = add_action(actions, "encode", "write a code", EXAMPLE + _WRITTEN)
    for name, told in _FIELDS.items():
        encode.add_argument(f"--{name.replace('_', '-')}", help=told)
    decode = add_action(
        actions,
        "decode",
        "read a code, refusing what is not whole, unaltered and payable",
        "voiceagent pix decode '00020101021126470014br.gov.bcb.pix0125financeiro@exemplo.com.br520400005303986540625"
        "0.005802BR5917CREDOR EXEMPLO SA6009SAO PAULO62200516ACORDO00000000016304C88A'"
        """\n  echo '{"id":1,"code":"000201..."}' | voiceagent pix decode --batch -""",
    )
    decode.add_argument("code", nargs="?", help="in quotes: there may be spaces in it")
    for action in (encode, decode):
        action.add_argument("--batch", metavar="FILE", help="one JSON object a line; - reads stdin (docs/payments.md)")
        action.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Write or read one code, or a batch of them; what is given beside a batch holds for its lines that lack it."""
    from voiceagent.cli.batch import run_batch
    from voiceagent.payments.pixwire import read_pix, write_pix

    answer = write_pix if args.action == "encode" else read_pix
    names = [*_FIELDS] if args.action == "encode" else ["code"]
    given = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    if args.batch is not None:
        return run_batch(args.batch, lambda line: answer(given | line))
    if not given:
        raise UsageError(f"give a code, its parts, or --batch FILE; see voiceagent pix {args.action} --help")
    document = answer(given)
    print(json.dumps(document, ensure_ascii=False) if args.json else _plain(document, args.action))
    return 0


def _plain(document: dict[str, Any], action: str) -> str:
    if action == "encode":
        return str(document["payload"])
    return "\n".join(f"{name}: {value}" for name, value in document.items() if value is not None)
