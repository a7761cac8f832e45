"""Headers as people write them, in Portuguese, Spanish and English, to the fields a debtor's row has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from voiceagent.base.errors import BadInputError

_WORDS = {
    "debtor_id": "id_devedor id codigo cod_cliente codigo_cliente cod_devedor id_cliente id_deudor debtor_id "
    "customer_id vendor_lead_code matricula",
    "document": "cpf_cnpj cpfcnpj cpf cnpj documento doc documento_cpf cpf_devedor cedula rut rfc curp ruc cuit dni "
    "nit nif ssn document document_number identificacion cpf_cliente cpf_do_cliente cpf_do_devedor cpf_ou_cnpj "
    "numero_documento numero_de_documento n_documento num_documento documento_identidad documento_de_identidad",
    "name": "nome nome_cliente nome_devedor nome_completo cliente devedor nombre nombre_completo nombre_cliente "
    "deudor name full_name debtor_name customer_name razao_social razon_social nome_do_cliente nome_do_devedor "
    "nombre_del_cliente nombre_del_deudor nombre_y_apellido nombre_y_apellidos nombres_y_apellidos client_name",
    "first_name": "first_name primeiro_nome primer_nombre nombres",
    "last_name": "last_name sobrenome apellido apellidos",
    "phone": "telefone telefones tel fone celular numero_telefone telefono telefonos movil phone phones phone_number "
    "mobile alt_phone whatsapp contato telefone_celular telefone_residencial telefone_comercial tel_celular "
    "fone_celular fone_residencial fone_comercial telefone_fixo telefone_movel telefone_principal telefone_contato "
    "telefone_de_contato numero_celular numero_de_telefone numero_do_telefone numero_telefono numero_de_telefono "
    "telefono_celular telefono_movil telefono_fijo telefono_casa telefono_trabajo telefono_principal "
    "telefono_de_contacto cell cell_phone cellphone mobile_phone mobile_number home_phone work_phone primary_phone "
    "telephone telephone_number contact_number",
    "phone_code": "phone_code ddi codigo_pais country_code",
    "area": "ddd area_code codigo_area",
    "email": "email e_mail emails mail correo correo_electronico endereco_email direccion_de_correo email_address "
    "e_mail_address",
    "birth": "nascimento data_nascimento dt_nascimento data_de_nascimento fecha_nacimiento fecha_de_nacimiento "
    "birth_date birthdate dob date_of_birth data_nasc dt_nasc fecha_nac birthday",
    "state": "uf estado state provincia province departamento",
    "contract": "contrato numero_contrato n_contrato num_contrato nr_contrato numero_do_contrato contract "
    "contract_number account account_number numero_de_contrato contrato_numero n_do_contrato no_contrato contract_no "
    "account_no",
    "creditor": "credor creditor acreedor empresa carteira nome_credor nome_do_credor nombre_acreedor "
    "nombre_del_acreedor creditor_name",
    "product": "produto product producto tipo_produto",
    "original": "valor_original valor_principal principal valor monto_original monto capital original_amount "
    "original amount valor_do_contrato valor_nominal importe importe_original original_balance",
    "updated": "valor_atualizado valor_total saldo saldo_devedor total valor_divida monto_actualizado monto_total "
    "saldo_total updated_amount balance total_amount valor_em_aberto saldo_em_aberto saldo_deudor saldo_pendiente "
    "saldo_insoluto deuda deuda_total monto_adeudado adeudo balance_due current_balance outstanding_balance",
    "interest": "juros intereses interes interest",
    "fine": "multa mora fine penalty",
    "other": "outros encargos otros cargos other charges fees",
    "due": "vencimento data_vencimento dt_vencimento data_de_vencimento fecha_vencimiento fecha_de_vencimiento vence "
    "vencimiento due due_date duedate data_do_vencimento vcto dt_vcto dt_venc data_venc fecha_vto fecha_de_vto vto "
    "date_due",
    "more": "more extra_json json custom_vars",
}
#: Known columns that are kept beside the debt.
_ATTRIBUTES = {
    "score": "score pontuacao puntaje rating",
    "postal_code": "cep cp codigo_postal postal_code zip zip_code",
    "city": "cidade ciudad city municipio",
    "days_overdue": "dias_atraso dias_de_atraso dias_mora dias_vencido days_overdue",
    "best_time": "melhor_hora melhor_horario mejor_hora mejor_horario best_time",
    "most_discount": "desconto_max desconto_maximo descuento_max descuento_maximo max_discount",
    "most_instalments": "parcelas_max max_parcelas cuotas_max max_cuotas max_instalments",
    "sarb_signatory": "sarb signatario_sarb sarb_signatory",
    "jurisdiction": "foro jurisdicao jurisdiccion jurisdiction",
    "consent": "consentimento consentimiento consent opt_in autorizacao autorizacion",
    "consent_voice": "consentimento_voz consentimento_telefone consentimento_ligacao consentimiento_voz "
    "consentimiento_telefono consentimiento_llamada consent_voice consent_phone consent_call opt_in_voice",
    "consent_sms": "consentimento_sms consentimiento_sms consent_sms consent_text opt_in_sms",
    "consent_email": "consentimento_email consentimiento_email consentimiento_correo consent_email opt_in_email",
    "consent_at": "consentimento_em data_consentimento fecha_consentimiento consent_at consent_date",
    "consent_source": "origem_consentimento origen_consentimiento consent_source",
}
PREFIX = "attribute:"
_FIELD = {alias: field for field, aliases in _WORDS.items() for alias in aliases.split()}
_FIELD |= {alias: PREFIX + name for name, aliases in _ATTRIBUTES.items() for alias in aliases.split()}

#: Fields of which a row may have several columns.
MANY = frozenset({"phone", "area", "email"})
FIELDS = tuple(_WORDS)

#: Of which a row may have a column for each number: consentimento1 belongs to the first column of telephones.
OF_NUMBER = f"{PREFIX}consent"

#: What other dialers write without a header.
_VICIDIAL = (
    "vendor_lead_code", "source_code", "list_id", "phone_code", "phone_number", "title", "first_name",
    "middle_initial", "last_name", "address1", "address2", "address3", "city", "state", "province", "postal_code",
    "country_code_2", "gender", "date_of_birth", "alt_phone", "email", "security_phrase", "more",
)  # fmt: skip
_NEWFIES = (
    "phone", "last_name", "first_name", "email", "description", "status", "address", "city", "state", "country",
    "unit_number", "more",
)  # fmt: skip
_NUMBER = re.compile(r"\+?\d{8,15}", re.ASCII)


def plain(header: str) -> str:
    """A header without case, accents and punctuation: `Nº Contrato` is n_contrato."""
    text = unicodedata.normalize("NFKD", header.replace("º", "").replace("ª", "").replace("°", "").strip().lower())
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "_", text).strip("_")


@lru_cache(maxsize=1024)
def field_of(header: str) -> str | None:
    """The field a column holds, `attribute:NAME` for one that is kept beside the debt; None when nobody knows it."""
    name = plain(header)
    if name in _FIELD:
        return _FIELD[name]
    if name.startswith("x_") and len(name) > 2:
        return PREFIX + name[2:66]
    stem = re.sub(r"_?\d+$", "", name)
    field = _FIELD.get(stem)
    if field == OF_NUMBER:
        return f"{OF_NUMBER}_of_{name[len(stem) :].lstrip('_')}"
    return field if field in MANY else None


def layout_of(delimiter: str, first: Sequence[str]) -> tuple[str, ...] | None:
    """The names of the columns of a list without header as VICIdial or Newfies-Dialer write it; None for others."""
    if delimiter in "|\t" and len(first) >= 20 and _NUMBER.fullmatch(first[4].strip()) and first[3].strip().isdigit():
        extra = [f"column_{n + 1}" for n in range(len(_VICIDIAL), len(first))]
        return (*_VICIDIAL[: len(first)], *extra)
    if delimiter == "|" and len(first) in (11, 12, 13) and _NUMBER.fullmatch(first[0].strip()):
        return (*_NEWFIES, "end")[: len(first)]
    return None


def map_columns(
    header: Sequence[str],
    *,
    creditor: str | None,
    columns: Mapping[str, str] | None = None,
    keep_unknown: bool = False,
) -> dict[int, str]:
    """Column number to field; BadInputError names what is missing and what was found.

    `columns`: header to field over what the header says by itself, an empty field leaves it out.
    """
    chosen = {plain(title): field for title, field in (columns or {}).items()}
    _require_found(header, chosen)
    mapping: dict[int, str] = {}
    for n, title in enumerate(header):
        name = plain(title)
        field = chosen[name] if name in chosen else field_of(title)
        if not field and keep_unknown and name and name not in chosen:
            field = PREFIX + name[:64]
        if field:
            mapping[n] = checked(field)
    _require_once(header, mapping)
    have = set(mapping.values())
    if "more" in have:
        # What is missing may be in there: each row says.
        return mapping
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
        raise BadInputError(
            f"the list lacks columns: {', '.join(missing)}; its header is: {found[:200]} "
            "(say what a column is with --column 'HEADER=FIELD')"
        )
    return mapping


def checked(field: str) -> str:
    """A field as it is kept; BadInputError when there is none of that name."""
    if field in FIELDS:
        return field
    if field.startswith(PREFIX) and plain(field[len(PREFIX) :]):
        return PREFIX + plain(field[len(PREFIX) :])[:64]
    raise BadInputError(f"there is no field {field!r}: one of {', '.join(FIELDS)}, or {PREFIX}NAME")


def _require_found(header: Sequence[str], chosen: Mapping[str, str]) -> None:
    names = {plain(title) for title in header}
    lost = sorted(set(chosen) - names)
    if lost:
        raise BadInputError(f"the list has no column {', '.join(lost)}: its header is other than the mapping's")


def _require_once(header: Sequence[str], mapping: Mapping[int, str]) -> None:
    """Two columns of the same name, where one value is wanted, contradict each other sooner or later."""
    seen: dict[str, str] = {}
    for n, field in mapping.items():
        name = plain(header[n])
        if field in MANY:
            continue
        if name in seen:
            raise BadInputError(f"the header has the column {header[n].strip()!r} twice: rename or remove one")
        seen[name] = field
