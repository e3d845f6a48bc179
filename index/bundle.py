"""Bundle: a collection in a layout that any program can read and write.

collection.json        what it is: see `Manifest`
images.jsonl           a line of JSON for each image: see `Line`
originals/SHA256.FORMAT  the files as they were handed in
thumbnails/SHA256.webp   may be missing: they are made again
vectors-1.npy          (n, dim) float32 of one model, row i for line i; zeros where an image has none
caption-vectors-1.npy  the same for the captions, in the order of all lines; missing where there are none
vectors-2.npy ...      the same of the next model in collection.json
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from index.errors import BadValue, BadVector, BundleDamaged
from index.records import SHA256, Json, NewCaption, check_external_id
from index.vectors import Rows, check_vector

FORMAT = "pivot-collection"
VERSION = 1
MANIFEST = "collection.json"
LINES = "images.jsonl"
LONGEST_LINE = 32 * 2**20  # bytes; the most captions, of the most characters, take half of it

_FORMAT = re.compile(r"[a-z0-9]{1,16}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_INTEGERS = range(2**63)


@dataclass(frozen=True)
class Model:
    """Whose vectors lie in the files of number N, which is its place in the manifest, from 1."""

    model_version: str
    dim: int


@dataclass(frozen=True)
class Manifest:
    name: str
    created_at: str
    images: int
    captions: int
    models: list[Model]


@dataclass(frozen=True)
class Caption:
    """As in `CaptionRecord`, without its ids."""

    language: str
    text: str
    created_at: str


@dataclass(frozen=True)
class Line:
    """An image, as in `ImageRecord`; without its id, which is another one elsewhere."""

    sha256: str
    filename: str
    format: str
    width: int
    height: int
    bytes: int
    metadata: dict[str, Json]
    created_at: str
    updated_at: str
    external_id: str | None
    captions: list[Caption]

    def original(self, bundle: Path) -> Path:
        return bundle / "originals" / f"{self.sha256}.{self.format}"

    def thumbnail(self, bundle: Path) -> Path:
        return bundle / "thumbnails" / f"{self.sha256}.webp"

    def json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False) + "\n"


class ModelRows(NamedTuple):
    """The vectors of one model, in memory only where they are looked at. Zeros where there is none."""

    images: Rows  # (images, dim) float32
    captions: Rows  # (captions, dim) float32


Record = TypeVar("Record", Manifest, Model, Line, Caption)


def vectors_file(bundle: Path, number: int) -> Path:
    """Of the model at this place in the manifest, from 0."""
    return bundle / f"vectors-{number + 1}.npy"


def caption_vectors_file(bundle: Path, number: int) -> Path:
    """As `vectors_file`, of captions."""
    return bundle / f"caption-vectors-{number + 1}.npy"


def manifest_document(manifest: Manifest) -> str:
    return json.dumps({"format": FORMAT, "version": VERSION, **asdict(manifest)}, indent=2) + "\n"


def read_manifest(bundle: Path) -> Manifest:
    """Raises BundleDamaged."""
    path = bundle / MANIFEST
    try:
        document = _object(path.read_text(encoding="utf-8"))
        if document.pop("format", None) != FORMAT or document.pop("version", None) != VERSION:
            raise ValueError(f"is not of the format {FORMAT!r} {VERSION}, the one that this release knows")
        manifest = _made(Manifest, document)
        _check(manifest, name=str, created_at=str, images=int, captions=int, models=list)
        models = [_made(Model, model) for model in document["models"]]
        for model in models:
            _check(model, model_version=str, dim=int)
    except OSError as error:
        raise BundleDamaged(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BundleDamaged(path, "is not UTF-8") from error
    except ValueError as error:
        raise BundleDamaged(path, str(error)) from error
    return replace(manifest, models=models)


def read_lines(bundle: Path, offset: int = 0) -> Iterator[Line]:
    """From the byte `offset` on. Raises BundleDamaged for a line that is not as `Line` says."""
    return (line for _, line in located_lines(bundle, offset))


def located_lines(bundle: Path, offset: int = 0) -> Iterator[tuple[int, Line]]:
    """The same, each with the offset at which it starts."""
    path = bundle / LINES
    try:
        with path.open("rb") as lines:
            lines.seek(offset)
            for number, text in enumerate(iter(lambda: lines.readline(LONGEST_LINE), b""), 1):
                try:
                    yield offset, _line(text.decode())
                except UnicodeDecodeError as error:
                    raise BundleDamaged(path, "is not UTF-8") from error
                except ValueError as error:
                    raise BundleDamaged(path, f"line {number}: {error}") from error
                offset += len(text)
    except OSError as error:
        raise BundleDamaged(path, f"cannot be read: {error.strerror}") from error


def read_vectors(bundle: Path, manifest: Manifest) -> list[ModelRows]:
    """Those of each model. Raises BundleDamaged."""
    return [
        ModelRows(
            _rows(vectors_file(bundle, number), (manifest.images, model.dim)),
            _rows(caption_vectors_file(bundle, number), (manifest.captions, model.dim)),
        )
        for number, model in enumerate(manifest.models)
    ]


def check_bundle(bundle: Path, manifest: Manifest, vectors: list[ModelRows]) -> None:
    """Everything but the bytes of the originals. Raises BundleDamaged."""
    for number, (_, line) in enumerate(checked_lines(bundle, manifest, vectors), 1):
        original = line.original(bundle)
        if not original.is_file():
            raise BundleDamaged(original, f"is missing, though line {number} of {LINES} tells of it")
        if original.stat().st_size != line.bytes:
            raise BundleDamaged(original, f"is not of {line.bytes} bytes, as line {number} of {LINES} says")


def checked_lines(bundle: Path, manifest: Manifest, vectors: list[ModelRows]) -> Iterator[tuple[int, Line]]:
    """As `located_lines`; all is looked at but the originals. Raises BundleDamaged, at the end too."""
    count = captions = 0
    external_ids: set[str] = set()
    for count, (offset, line) in enumerate(located_lines(bundle), 1):
        captions += len(line.captions)
        if line.external_id is not None:
            if line.external_id in external_ids:
                raise BundleDamaged(bundle / LINES, f"line {count} has the external id of another")
            external_ids.add(line.external_id)
        yield offset, line
    if count != manifest.images:
        raise BundleDamaged(bundle / LINES, f"has {count} lines instead of {manifest.images}")
    if captions != manifest.captions:
        raise BundleDamaged(bundle / LINES, f"has {captions} captions instead of {manifest.captions}")
    for number, rows in enumerate(vectors):
        _check_rows(vectors_file(bundle, number), rows.images)
        _check_rows(caption_vectors_file(bundle, number), rows.captions)


def _rows(path: Path, shape: tuple[int, int]) -> Rows:
    if not shape[0]:  # an empty file cannot be mapped
        return np.empty(shape, np.float32)
    try:
        rows: Rows = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise BundleDamaged(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, EOFError) as error:
        raise BundleDamaged(path, "is no array of numbers") from error
    if rows.shape != shape or rows.dtype != np.float32:
        raise BundleDamaged(path, f"holds {rows.shape} {rows.dtype} instead of {shape} float32")
    return rows


def _check_rows(path: Path, rows: Rows) -> None:
    for index, row in enumerate(rows):
        try:
            if row.any():
                check_vector(row, rows.shape[1])
        except BadVector as error:
            raise BundleDamaged(path, f"row {index} {error.reason}") from error


def _line(text: str) -> Line:
    """Raises ValueError, which says what is wrong."""
    document = _object(text)
    document.setdefault("updated_at", document.get("created_at"))  # what exports of old do not tell
    document.setdefault("external_id", None)
    line = _made(Line, document)
    _check(line, sha256=str, filename=str, format=str, width=int, height=int, bytes=int)
    _check(line, metadata=dict, created_at=str, updated_at=str, captions=list)
    for name, pattern in (
        ("sha256", SHA256),
        ("format", _FORMAT),
        ("created_at", _TIME),
        ("updated_at", _TIME),
    ):
        if not pattern.fullmatch(getattr(line, name)):
            raise ValueError(f"`{name}` is {getattr(line, name)!r}, which is none")
    try:
        line.json().encode()
    except UnicodeEncodeError as error:  # lone surrogates
        raise ValueError("is not Unicode text") from error
    if line.external_id is not None:
        _check(line, external_id=str)
        _judged(lambda: check_external_id(line.external_id))
    return replace(line, captions=[_caption(one) for one in line.captions])


def _caption(document: object) -> Caption:
    """Raises ValueError, which says what is wrong."""
    caption = _made(Caption, document)
    _check(caption, language=str, text=str, created_at=str)
    if not _TIME.fullmatch(caption.created_at):
        raise ValueError(f"`created_at` is {caption.created_at!r}, which is none")
    _judged(lambda: NewCaption(caption.language, caption.text, None))
    return caption


def _judged(judge: Callable[[], object]) -> None:
    """Raises ValueError in place of BadValue."""
    try:
        judge()
    except BadValue as error:
        raise ValueError(f"`{error.field}` {error.reason}") from error


def _made(kind: type[Record], document: object) -> Record:
    """A record of what the document holds: all that it should, and nothing that would be lost."""
    if not isinstance(document, dict):
        raise ValueError("is not a JSON object")
    names = [field.name for field in fields(kind)]
    for name in names:
        if name not in document:
            raise ValueError(f"`{name}` is missing")
    for name in document:
        if name not in names:
            raise ValueError(f"`{name}` is not known to this release")
    return kind(**document)


def _object(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ValueError("is not a JSON object")
    return document


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _check(record: Manifest | Model | Line | Caption, **kinds: type) -> None:
    for name, kind in kinds.items():
        value = getattr(record, name)
        fits = value in _INTEGERS if kind is int and type(value) is int else type(value) is kind
        if not fits:
            raise ValueError(f"`{name}` is {value!r}, which is not {_KINDS[kind]}")


_KINDS = {str: "a text", int: "a whole number", dict: "an object", list: "a list"}
