"""Headers as people write them, in Portuguese, Spanish and English, to the fields a debtor's row has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from voiceagent.base.errors import BadInputError

_WORDS = {
    "debtor_id": "id_devedor id codigo cod_cliente codigo_cliente cod_devedor id_cliente id_deudor debtor_id "
    "customer_id vendor_lead_code matricula",
    "document": "cpf_cnpj cpfcnpj cpf cnpj documento doc documento_cpf cedula rut rfc curp dni nit ssn document "
    "document_number identificacion",
    "name": "nome nome_cliente nome_devedor nome_completo cliente devedor nombre nombre_completo deudor name "
    "full_name debtor_name customer_name razao_social",
    "first_name": "first_name primeiro_nome",
    "last_name": "last_name sobrenome apellido apellidos",
    "phone": "telefone telefones tel fone celular numero_telefone telefono telefonos movil phone phones phone_number "
    "mobile alt_phone whatsapp contato",
    "area": "ddd area_code codigo_area",
    "email": "email e_mail emails mail correo correo_electronico",
    "birth": "nascimento data_nascimento dt_nascimento data_de_nascimento fecha_nacimiento fecha_de_nacimiento "
    "birth_date birthdate dob date_of_birth",
    "state": "uf estado state provincia departamento",
    "contract": "contrato numero_contrato n_contrato num_contrato nr_contrato numero_do_contrato contract "
    "contract_number account account_number numero_de_contrato",
    "creditor": "credor creditor acreedor empresa carteira",
    "product": "produto product producto tipo_produto",
    "original": "valor_original valor_principal principal valor monto_original monto capital original_amount original "
    "amount",
    "updated": "valor_atualizado valor_total saldo saldo_devedor total valor_divida monto_actualizado monto_total "
    "saldo_total updated_amount balance total_amount",
    "interest": "juros intereses interes interest",
    "fine": "multa mora fine penalty",
    "other": "outros encargos otros cargos other charges fees",
    "due": "vencimento data_vencimento dt_vencimento data_de_vencimento fecha_vencimiento fecha_de_vencimiento vence "
    "due due_date duedate",
}
_FIELD = {alias: field for field, aliases in _WORDS.items() for alias in aliases.split()}

#: Fields of which a row may have several columns.
MANY = frozenset({"phone", "area", "email"})


def plain(header: str) -> str:
    """A header without case, accents and punctuation: `Nº Contrato` is n_contrato."""
    text = unicodedata.normalize("NFKD", header.replace("º", "").replace("ª", "").replace("°", "").strip().lower())
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "_", text).strip("_")


def field_of(header: str) -> str | None:
    """The field a column holds; None when nobody knows it."""
    name = plain(header)
    if name in _FIELD:
        return _FIELD[name]
    stem = re.sub(r"_?\d+$", "", name)
    field = _FIELD.get(stem)
    return field if field in MANY else None


def map_columns(header: Sequence[str], *, creditor: str | None) -> dict[int, str]:
    """Column number to field; BadInputError names what is missing and what was found."""
    mapping = {n: field for n, title in enumerate(header) if (field := field_of(title)) is not None}
    have = set(mapping.values())
    missing = []
    if "name" not in have and "first_name" not in have:
        missing.append("nome")
    for field, title in (("phone", "telefone1"), ("contract", "contrato"), ("due", "vencimento")):
        if field not in have:
            missing.append(title)
    if not have & {"original", "updated"}:
        missing.append("valor_original")
    if not have & {"document", "debtor_id"}:
        missing.append("cpf_cnpj")
    if "creditor" not in have and not creditor:
        missing.append("credor (or --creditor NAME)")
    if missing:
        found = ", ".join(title.strip() for title in header[:12])
        raise BadInputError(f"the list lacks columns: {', '.join(missing)}; its header is: {found[:200]}")
    return mapping
