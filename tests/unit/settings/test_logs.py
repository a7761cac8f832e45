"""Guards that a log line shows no telephone number, document or e-mail address."""

from __future__ import annotations

import io
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.settings.logs import mask, mask_logs


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("dialling +5511987654321 now", "dialling +***********21 now"),
        ("from (11) 98765-4321", "from *********21"),
        ("tel 11 3333-4444.", "tel ********44."),
        ("cpf 529.982.247-25", "cpf *********25"),
        ("cpf 52998224725", "cpf *********25"),
        ("cnpj 11.222.333/0001-81", "cnpj ************81"),
        ("to maria.souza@example.com.br", "to m***@example.com.br"),
    ],
)
def test_personal_data_is_hidden(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "promise of 1200.50 due 2026-12-15",
        "call 0193b2c4-7d1e-7a3b-8c4d-5e6f7a8b9c0d took 12345 ms",
        "2026-11-18 10:00:00,123 listening on 127.0.0.1:8080",
    ],
)
def test_what_operators_need_stays(text: str) -> None:
    assert mask(text) == text


@given(st.text(alphabet="+()- ab@.0123456789", max_size=40))
def test_masking_twice_is_masking_once_and_no_e164_survives(text: str) -> None:
    once = mask(f"{text} +5511987654321 {text}")
    assert "+5511987654321" not in once
    assert mask(once) == once


def test_arguments_and_tracebacks_are_masked_and_installing_twice_is_harmless() -> None:
    logger = logging.getLogger("test.masking")
    logger.propagate = False
    out = io.StringIO()
    logger.addHandler(logging.StreamHandler(out))
    mask_logs(logger)
    mask_logs(logger)
    try:
        raise ValueError("no route to +5511987654321")
    except ValueError:
        logger.exception("calling %s failed", "+5511987654322")
    logged = out.getvalue()
    assert "98765432" not in logged and logged.count("*") > 10 and "ValueError" in logged
