"""Logs that can be shown to anyone: telephone numbers, documents and e-mail addresses are masked by default."""

from __future__ import annotations

import logging
import re

_EMAIL = re.compile(r"\b([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_DOCUMENT = re.compile(r"(?<![\w.+*-])\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?![\w-])|\b\d{2}\.?\d{3}\.?\d{3}/\d{4}-?\d{2}\b")
_PHONE = re.compile(r"\+[1-9]\d{6,14}(?!\d)|(?<![\w.+*-])\(?\d{2}\)?[ -]?9?\d{4}[ -]?\d{4}(?![\w-])")


def mask(text: str) -> str:
    """Hide personal numbers and addresses in `text`; the last two digits and the domain stay, to tell them apart."""
    text = _EMAIL.sub(r"\1***@\2", text)
    text = _DOCUMENT.sub(lambda match: _stars(match[0]), text)
    return _PHONE.sub(lambda match: _stars(match[0]), text)


def _stars(value: str) -> str:
    digits = re.sub(r"\D", "", value)
    return ("+" if value.startswith("+") else "") + "*" * (len(digits) - 2) + digits[-2:]


class MaskingFormatter(logging.Formatter):
    """Wraps the handler's formatter, so that arguments, tracebacks and extra fields are masked too."""

    def __init__(self, inner: logging.Formatter | None) -> None:
        super().__init__()
        self.inner = inner or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        """The masked line."""
        return mask(self.inner.format(record))


def mask_logs(logger: logging.Logger | None = None) -> None:
    """Mask everything that the handlers of `logger` (default: the root) write from now on; twice is once."""
    for handler in (logger or logging.getLogger()).handlers:
        if not isinstance(handler.formatter, MaskingFormatter):
            handler.setFormatter(MaskingFormatter(handler.formatter))
