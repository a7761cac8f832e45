"""Training of the classifier of intents, and the trained model as a file beside the data it was learned from."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Collection
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voiceagent.base.errors import MissingPartError
from voiceagent.dialogue.intents import IntentData, IntentModel, grams, load, vector

#: Part of every digest: raised when training or the features change, so that no older file is taken for a model.
_VERSION = 1
_RIDGE = 0.25
#: Features of more texts than this are multiplied as a matrix, rarer ones pair by pair: a tenth of the work.
_COMMON = 24


def train(data: IntentData) -> IntentModel:
    """Ridge regression of one-versus-rest targets, solved in its dual: no iterations, the same result every time."""
    names = tuple(dict.fromkeys(name for name, _ in data.examples))
    features: dict[str, int] = {}
    counts: dict[str, int] = {}
    for _, text in data.examples:
        for gram in grams(text):
            counts[gram] = counts.get(gram, 0) + 1
    for gram, seen in counts.items():
        if seen > 2 or (seen > 1 and not gram.startswith("c:")) or gram.startswith("w:"):
            features[gram] = len(features)
    rows = [vector(text, features) for _, text in data.examples]
    sizes = {name: sum(label == name for label, _ in data.examples) for name in names}
    # Every intent weighs the same however many ways of saying it were written down.
    weight = np.array([1 / np.sqrt(sizes[label]) for label, _ in data.examples], dtype=np.float32)
    weight /= weight.mean()
    target = np.zeros((len(data.examples), len(names)), dtype=np.float32)
    for row, (label, _) in enumerate(data.examples):
        target[row, names.index(label)] = 1
    kernel = _kernel(rows, len(features))
    kernel[np.diag_indices_from(kernel)] += _RIDGE / weight
    solved = np.linalg.solve(kernel, target)
    weights = np.zeros((len(features), len(names)), dtype=np.float32)
    for held, part in zip(rows, solved, strict=True):
        weights[list(held)] += np.fromiter(held.values(), np.float32, len(held))[:, None] * part
    by_text: dict[str, tuple[str, ...]] = {}
    for label, text in data.examples:
        by_text[text] = (*by_text.get(text, ()), label)
    return IntentModel(names, features, weights, data.rules, by_text)


def _kernel(rows: list[dict[int, float]], width: int) -> npt.NDArray[np.float32]:
    columns: list[list[tuple[int, float]]] = [[] for _ in range(width)]
    for row, held in enumerate(rows):
        for column, value in held.items():
            columns[column].append((row, value))
    common = [column for column in columns if len(column) > _COMMON]
    matrix = np.zeros((len(rows), len(common)), dtype=np.float32)
    for index, texts in enumerate(common):
        for row, value in texts:
            matrix[row, index] = value
    kernel: npt.NDArray[np.float32] = matrix @ matrix.T
    for texts in columns:
        if len(texts) <= _COMMON:
            where = np.array([row for row, _ in texts])
            values = np.array([value for _, value in texts], dtype=np.float32)
            kernel[np.ix_(where, where)] += np.outer(values, values)
    return kernel


def model_path(data: Path) -> Path:
    """Where the model of a data file is stored."""
    return data.with_suffix(".npz")


def digest(data: Path, numbers: Collection[str]) -> str:
    """What a model depends on: its data, the words shown as numbers, and how it is trained."""
    try:
        text = data.read_bytes()
    except OSError as error:
        raise MissingPartError(f"no intents at {data}: restore the file or set VOICEAGENT_DIALPLANS") from error
    head = json.dumps([_VERSION, _RIDGE, sorted(numbers)]).encode()
    return hashlib.sha256(head + text).hexdigest()


def store(model: IntentModel, data: Path, numbers: Collection[str]) -> Path:
    """Write the model beside its data; weights are rounded to 1/127 of the largest of their intent."""
    scale = np.abs(model.weights).max(axis=0) / 127
    scale[scale == 0] = 1
    tables = {
        "digest": digest(data, numbers),
        "names": model.names,
        "features": list(model.features),
        "rules": [(name, rule.pattern) for name, rule in model.rules],
        "examples": list(model.examples.items()),
    }
    arrays = {
        "tables": np.frombuffer(json.dumps(tables, ensure_ascii=False).encode(), dtype=np.uint8),
        "scale": scale.astype(np.float32),
        "weights": np.rint(model.weights / scale).astype(np.int8),
    }
    path = model_path(data)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            made = io.BytesIO()
            np.save(made, array)
            # A fixed date: the same data gives the same file.
            entry = zipfile.ZipInfo(f"{name}.npy", (2020, 1, 1, 0, 0, 0))
            archive.writestr(entry, made.getvalue(), zipfile.ZIP_DEFLATED)
    return path


def stored(data: Path, numbers: Collection[str]) -> IntentModel | None:
    """The stored model of this very data; None when there is none, or the data changed since."""
    wanted = digest(data, numbers)
    try:
        with np.load(model_path(data), allow_pickle=False) as archive:
            tables = json.loads(archive["tables"].tobytes())
            if tables["digest"] != wanted:
                return None
            weights = archive["weights"].astype(np.float32) * archive["scale"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    return IntentModel(
        tuple(tables["names"]),
        {gram: index for index, gram in enumerate(tables["features"])},
        weights,
        tuple((name, re.compile(rule)) for name, rule in tables["rules"]),
        {text: tuple(names) for text, names in tables["examples"]},
    )


def retrain(data: Path, numbers: Collection[str]) -> Path:
    """Train the model of a data file and store it beside it."""
    return store(train(load(data, numbers)), data, numbers)
