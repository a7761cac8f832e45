"""YAML as people edit it: safe, free of surprises, and every value knows its line."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from voiceagent.base.errors import BadInputError, unreadable

Path_ = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain data, and the line (from 1) at which each value stands."""

    source: str
    data: Any
    lines: dict[Path_, int]

    def line(self, path: Path_) -> int:
        """The line of the value at `path`, or of the nearest thing around it that exists."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


#: The C parser where PyYAML was built with it (several times faster), else the same in Python.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


#: YAML 1.1 turns yes, no, on, 10:30 and 2026-11-18 into other things; here they stay what was written.
_Loader: Any = type("_Loader", (_Base,), {"yaml_implicit_resolvers": {}})
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"-?(?:0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?[0-9]+\.[0-9]+", "-0123456789"),
    ("merge", r"<<", "<"),
    ("null", r"~|null|", ["~", "n", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def parse_yaml(text: str, source: str) -> Document:
    """Parse one document; BadInputError with file and line for bad syntax, repeated keys and unknown tags."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Path_, int] = {}
        if node is not None:
            _walk(node, (), lines, source)
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{source}:{mark.line + 1}" if mark is not None else source
        raise BadInputError(f"{where}: {error.problem or error.context}; correct the YAML there") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BadInputError(f"{source}: not YAML ({str(error).splitlines()[0]})") from error
    finally:
        loader.dispose()
    return Document(source, data, lines)


def read_yaml(path: Path) -> Document:
    """Parse a file; BadInputError when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error
    return parse_yaml(text, str(path))


def build(model: type[Model], document: Document) -> Model:
    """Validate a document as `model`; BadInputError names file, line, key and what is wrong with it."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        problems = [_problem(document, dict(detail)) for detail in error.errors()]
        raise BadInputError("; ".join(dict.fromkeys(problems[:5]))) from error


def in_words(detail: Mapping[str, Any]) -> str:
    """What is wrong with a value, from one of pydantic's errors."""
    said = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        said = "unknown key: remove it or check its spelling"
    elif detail["type"] == "missing":
        said = "missing: add this key"
    elif detail["type"] == "too_short":
        said = "is empty: give at least one"
    elif detail["type"] in ("model_type", "model_attributes_type", "dict_type"):
        said = "must be a mapping: write `key: value` lines"
    return said


def _problem(document: Document, detail: dict[str, Any]) -> str:
    path = tuple(part for part in detail["loc"] if isinstance(part, str | int))
    where = ".".join(str(part) for part in path) or "the file"
    return f"{document.source}:{document.line(path)}: {where}: {in_words(detail)}"


def _walk(node: yaml.Node, path: Path_, lines: dict[Path_, int], source: str, depth: int = 0) -> None:
    if depth > 40 or len(lines) > 50_000:
        # Aliases of aliases grow without bound when they are followed.
        raise BadInputError(f"{source}:{node.start_mark.line + 1}: nested too deeply or repeated too often")
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[Hashable] = set()
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is None or name in seen:
                what = "a key must be a plain word" if name is None else f"the key {name!r} is written twice"
                raise BadInputError(f"{source}:{key.start_mark.line + 1}: {what}")
            seen.add(name)
            if key.tag == "tag:yaml.org,2002:merge":
                _walk(value, path, lines, source, depth + 1)
                continue
            lines[(*path, name)] = key.start_mark.line + 1
            _walk(value, (*path, name), lines, source, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*path, index), lines, source, depth + 1)
