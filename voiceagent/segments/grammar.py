"""Filters as people write them, for example `days_overdue between 31 and 90 and (state = SP or score >= 600)`.

    filter  = or
    or      = and {"or" and}
    and     = not {"and" not}
    not     = "not" not | "(" or ")" | test
    test    = flag
            | field ("=" | "!=" | "<" | "<=" | ">" | ">=") value
            | field "between" value "and" value          both included
            | field ["not"] "in" "(" value {"," value} ")"
            | field "is" ["not"] "known"
    value   = 12 | 1250.50 | 2026-01-31 | 'text' | word

Texts are compared without regard to the case of A to Z.
A test of an unknown fact is false, whatever it asks; `not` of it is true.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from voiceagent.base.errors import BadInputError
from voiceagent.segments.fields import FIELDS, Field, Type, field_of

#: Longer filters are mistakes or mischief; the limit on nesting keeps the reader's own stack safe.
MAX_LENGTH, MAX_DEPTH, MAX_TESTS = 2000, 30, 100
#: To both sides of 0; far more than any fact, and databases take numbers of 18 digits.
MAX_NUMBER = 10**15

Value = int | Decimal | str | date | bool


@dataclass(frozen=True, slots=True)
class Test:
    """`op` is =, !=, <, <=, >, >=, between, in or known; `values` are of the field's type (none for known)."""

    field: Field
    op: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    part: Expression


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any_:
    """At least one part holds."""

    parts: tuple[Expression, ...]


Expression = Test | Not | All | Any_


class FilterError(BadInputError):
    """A filter that cannot be read; `column` counts from 1, `fault` names what is wrong, `values` what it is about."""

    def __init__(self, fault: str, what: str, column: int, **values: object) -> None:
        told = {"fault": fault, "column": column, **values}
        super().__init__(f"column {column}: {what}", code="bad_filter", values=told)
        self.column = column


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


_TOKENS = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2}(?![\w.-]))|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))"
    r"|(?P<word>[^\W\d][\w.-]*)|(?P<text>'(?:[^']|'')*'|\"[^\"]*\")"
    r"|(?P<op><=|>=|!=|<>|==|[=<>(),])|(?P<space>\s+)|(?P<bad>.)",
    re.DOTALL,
)
#: What databases refuse in a text: NUL, and halves of characters (bytes of the command line that were no UTF-8).
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_BAD = (
    ("bad_sign", "use letters, numbers, quotes and = != < > ( ) ,"),
    ("open_quote", "close the quotation"),
)
_WORDS = frozenset({"and", "or", "not", "in", "is", "between", "known"})
_ORDERED = frozenset({Type.WHOLE, Type.AMOUNT, Type.DATE})
_SAME_AS = {"==": "=", "<>": "!="}


def parse(text: str) -> Expression:
    """The filter's meaning; FilterError says at which column, what is wrong and what to do."""
    if len(text) > MAX_LENGTH:
        raise FilterError(
            "too_long", f"the filter is longer than {MAX_LENGTH} characters: split it", MAX_LENGTH, most=MAX_LENGTH
        )
    if (odd := _NO_TEXT.search(text)) is not None:
        raise FilterError("no_text", "a character that no text has: type the filter anew", odd.start() + 1)
    reader = _Reader(list(_tokens(text)), len(text) + 1)
    if reader.peek() is None:
        raise FilterError("empty", "the filter is empty: write a test like days_overdue > 30", 1)
    found = reader.either(0)
    rest = reader.peek()
    if rest is not None:
        what = f"{rest.text!r} is too much here: join tests with 'and' or 'or'"
        raise FilterError("too_much", what, rest.column, found=rest.text)
    return found


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKENS.finditer(text):
        kind, column = str(match.lastgroup), match.start() + 1
        if kind == "bad":
            fault, hint = _BAD[match[0] in "'\""]
            raise FilterError(fault, f"{match[0]!r} cannot stand here: {hint}", column, found=match[0])
        if kind == "word" and match[0].lower() in _WORDS:
            yield _Token(match[0].lower(), match[0], column)
        elif kind != "space":
            yield _Token(match[0] if kind == "op" else kind, match[0], column)


class _Reader:
    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens, self._end, self._at, self._tests = tokens, end, 0, 0

    def peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, *kinds: str) -> _Token | None:
        token = self.peek()
        if token is None or token.kind not in kinds:
            return None
        self._at += 1
        return token

    def _need(self, fault: str, what: str, *kinds: str, **values: object) -> _Token:
        token = self._take(*kinds)
        if token is not None:
            return token
        found = self.peek()
        if found is None:
            raise FilterError(fault, f"the filter ends where {what} is needed", self._end, **values)
        raise FilterError(fault, f"{what} is needed here, not {found.text!r}", found.column, **values)

    def either(self, depth: int) -> Expression:
        parts = [self._both(depth)]
        while self._take("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Any_(tuple(parts))

    def _both(self, depth: int) -> Expression:
        parts = [self._single(depth)]
        while self._take("and"):
            parts.append(self._single(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _single(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            token = self.peek()
            column = token.column if token else self._end
            raise FilterError("too_deep", "too many brackets within brackets: say it plainer", column)
        if self._take("not"):
            return Not(self._single(depth + 1))
        if self._take("("):
            inner = self.either(depth + 1)
            self._need("need_close", "a closing bracket", ")")
            return inner
        self._tests += 1
        if self._tests > MAX_TESTS:
            raise FilterError("too_many", f"more than {MAX_TESTS} tests: split the filter", self._end, most=MAX_TESTS)
        return self._test()

    def _test(self) -> Expression:
        word = self._need("need_field", "the name of a field", "word")
        field = field_of(word.text.lower())
        if field is None:
            near = difflib.get_close_matches(word.text.lower(), FIELDS, n=1)
            what = f"there is no field {word.text!r}: "
            if near:
                raise FilterError(
                    "near_field", f"{what}did you mean {near[0]}?", word.column, found=word.text, near=near[0]
                )
            raise FilterError("no_field", f"{what}see voiceagent segments fields", word.column, found=word.text)
        if self._take("is"):
            known = not self._take("not")
            self._need("need_known", "'known'", "known")
            test = Test(field, "known", ())
            return test if known else Not(test)
        if self._take("between"):
            first = self._value(field, ordered="between")
            self._need("need_and", "'and'", "and")
            return Test(field, "between", (first, self._value(field, ordered="between")))
        negated = self._take("not")
        if negated or (self.peek() is not None and self._tokens[self._at].kind == "in"):
            self._need("need_in", "'in'", "in")
            within = self._several(field)
            return Not(within) if negated else within
        op = self._take("=", "==", "!=", "<>", "<", "<=", ">", ">=")
        if op is None:
            if field.type is Type.FLAG:
                return Test(field, "=", (True,))
            token = self.peek()
            column = token.column if token else self._end
            what = f"{field.name} ({field.type}) must be compared, as in {_example(field)}"
            raise FilterError("not_compared", what, column, field=field.name, like=_example(field))
        name = _SAME_AS.get(op.text, op.text)
        return Test(field, name, (self._value(field, ordered=op.text if name not in ("=", "!=") else ""),))

    def _several(self, field: Field) -> Test:
        self._need("need_open", "an opening bracket", "(")
        values = [self._value(field)]
        while self._take(","):
            values.append(self._value(field))
        self._need("need_comma", "a comma or a closing bracket", ")")
        return Test(field, "in", tuple(values))

    def _value(self, field: Field, ordered: str = "") -> Value:
        token = self._need(
            "need_value", f"a value ({field.type})", "number", "date", "word", "text", like=_example(field)
        )
        if ordered and field.type not in _ORDERED:
            what = f"{field.name} ({field.type}) has no order: {ordered!r} needs numbers or dates"
            raise FilterError("no_order", what, token.column, field=field.name, found=ordered)
        value = _value_of(field.type, token)
        if value is None:
            what = f"{token.text} is no value for {field.name} ({field.type}): write it as in {_example(field)}"
            raise FilterError("no_value", what, token.column, found=token.text, field=field.name, like=_example(field))
        return value


def _value_of(kind: Type, token: _Token) -> Value | None:
    text = token.text
    match kind, token.kind:
        case (Type.WHOLE, "number") if "." not in text:
            return _bounded(int(text))
        case (Type.AMOUNT, "number"):
            return _bounded(Decimal(text))
        case (Type.TEXT, "text"):
            return text[1:-1].replace("''", "'") if text[0] == "'" else text[1:-1]
        case (Type.TEXT, "word" | "number" | "date"):
            return text
        case (Type.FLAG, "word") if text.lower() in ("true", "yes", "false", "no"):
            return text.lower() in ("true", "yes")
        case (Type.DATE, "date"):
            try:
                return date.fromisoformat(text)
            except ValueError:
                return None
    return None


def _bounded(value: int | Decimal) -> int | Decimal | None:
    return value if -MAX_NUMBER <= value <= MAX_NUMBER else None


def _example(field: Field) -> str:
    value = {
        Type.WHOLE: "= 30",
        Type.AMOUNT: ">= 1250.50",
        Type.TEXT: "= 'SP'",
        Type.DATE: "< 2026-01-31",
        Type.FLAG: "= yes",
    }[field.type]
    return f"{field.name} {value}"
