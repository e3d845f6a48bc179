"""Filters: which images a search may find, as JSON, compiled to SQL that carries every value as a parameter.

    {"field": "width", "gte": 800}                      or bytes, height, aspect (width / height)
    {"field": "created_at", "gte": "2026-01-01"}        or updated_at, filename, format
    {"field": "external_id", "in": ["a-1", "a-2"]}      or {"field": "external_id", "exists": true}
    {"metadata": "camera", "in": ["X100", "M6"]}        a key of the metadata
    {"metadata": ["exif", "iso"], "lte": 400}           a key within a key
    {"metadata": "rating", "exists": true}
    {"caption": {"contains": "hund", "language": "de"}} one caption with all of this; {} is any caption
    {"and": [...]}  {"or": [...]}  {"not": ...}

Operators are eq, in, gt, gte, lt, lte, and exists for metadata and external_id; several in one object must
all hold. Values are compared with their like: 1 equals 1.0, but neither "1" nor true, and no text lies below
a number. A condition that cannot be judged, for want of the key say, does not hold, and its `not` does.
Instants are RFC 3339; a date is its first moment in UTC.
"""

import json
import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from index.errors import BadFilter
from index.sql import instant

MOST_DEEP = 8  # filters within filters
MOST_CONDITIONS = 100
MOST_VALUES = 10_000  # in all lists together
MOST_CHARACTERS = 1_000  # of a text

Value: TypeAlias = bool | int | float | str | None

_NUMBERS = {
    "width": "images.width",
    "height": "images.height",
    "bytes": "images.bytes",
    "aspect": "1.0 * images.width / images.height",
}
_INSTANTS = {"created_at": "images.created_at", "updated_at": "images.updated_at"}
_TEXTS = {
    "filename": "images.filename",
    "format": "images.format",
    "external_id": "images.external_id",  # alone in that it may be missing
    **_INSTANTS,
}
_COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_OPERATORS = ("eq", "in", *_COMPARISONS)
_LISTED = "IN (SELECT value FROM json_each(?))"  # of a JSON array: no limit on its length


@dataclass(frozen=True)
class Condition:
    """An expression over the table `images`, true or false and never NULL, with its parameters in order."""

    sql: str
    parameters: tuple[Value, ...]


def compiled(filter: object) -> Condition:
    """The condition that a filter stands for. `filter` is JSON as Python reads it.

    Raises BadFilter, which names the place in the filter, what is wrong there and what would be right.
    """
    return _Compiler().filter(filter, "filter", 1)


def folded(text: str) -> str:
    """As captions are searched: letters in whatever case and composition are equal."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", text).casefold())


class _Compiler:
    """Counts, over the whole of one filter, what is limited."""

    def __init__(self) -> None:
        self._conditions = 0
        self._values = 0

    def filter(self, filter: object, at: str, depth: int) -> Condition:
        if depth > MOST_DEEP:
            raise BadFilter(at, f"lies deeper than {MOST_DEEP} levels", "Nest less", MOST_DEEP)
        if not isinstance(filter, dict) or not filter:
            raise BadFilter(at, "is not an object", 'Give one such as {"field": "width", "gte": 800}')
        kinds = [kind for kind in ("and", "or", "not", "field", "metadata", "caption") if kind in filter]
        if len(kinds) != 1:
            raise BadFilter(
                at, "is of no one kind", "Give one of `and`, `or`, `not`, `field`, `metadata`, `caption`"
            )
        (kind,) = kinds
        rest = {key: value for key, value in filter.items() if key != kind}
        if kind in ("field", "metadata"):
            compare = self._field if kind == "field" else self._metadata
            return compare(filter[kind], rest, at)
        if rest:
            raise _unknown(at, rest, (kind,))
        if kind == "caption":
            return self._caption(filter[kind], f"{at}.caption")
        if kind == "not":
            inner = self.filter(filter["not"], f"{at}.not", depth + 1)
            return Condition(f"NOT {inner.sql}", inner.parameters)
        parts = filter[kind]
        if not isinstance(parts, list | tuple) or not parts:
            raise BadFilter(f"{at}.{kind}", "is not a list of filters", "Give at least one")
        return _joined(
            kind.upper(),
            [self.filter(part, f"{at}.{kind}[{i}]", depth + 1) for i, part in enumerate(parts)],
        )

    def _field(self, name: object, operators: Mapping[str, object], at: str) -> Condition:
        if not isinstance(name, str) or name not in _NUMBERS | _TEXTS:
            raise BadFilter(f"{at}.field", "names no field", f"Give one of {', '.join(_NUMBERS | _TEXTS)}")
        known = (*_OPERATORS, "exists") if name == "external_id" else _OPERATORS
        self._check_operators(operators, known, at)

        def like(value: object, place: str) -> Value:
            if name in _INSTANTS:
                return _instant(value, place)
            found = _scalar(value, place)
            if name in _TEXTS and isinstance(found, str):
                return found
            if name in _NUMBERS and _is_number(found):
                return found
            kind = "text" if name in _TEXTS else "a number"
            raise BadFilter(place, f"is not {kind}", f"Give {kind}, as {name} is")

        column = (_NUMBERS | _TEXTS)[name]
        conditions = []
        for operator, value in operators.items():
            place = f"{at}.{operator}"
            if operator == "exists":
                conditions.append(_leaf(f"{column} IS {_negation(value, place)} NULL", []))
            elif operator == "in":
                values = [like(one, f"{place}[{i}]") for i, one in enumerate(self._list(value, place))]
                conditions.append(_leaf(f"{column} {_LISTED}", [json.dumps(values)]))
            else:
                sign = _COMPARISONS.get(operator, "=")
                conditions.append(_leaf(f"{column} {sign} ?", [like(value, place)]))
        return _joined("AND", conditions)

    def _metadata(self, keys: object, operators: Mapping[str, object], at: str) -> Condition:
        path = _path(keys, f"{at}.metadata")
        self._check_operators(operators, (*_OPERATORS, "exists"), at)
        conditions = []
        for operator, value in operators.items():
            place = f"{at}.{operator}"
            if operator == "exists":
                test = f"json_type(images.metadata, ?) IS {_negation(value, place)} NULL"
                conditions.append(_leaf(test, [path]))
            elif operator == "in":
                values = [_scalar(one, f"{place}[{i}]") for i, one in enumerate(self._list(value, place))]
                conditions.append(_metadata_in(path, values))
            elif operator == "eq":
                conditions.append(_metadata_is(path, _scalar(value, place)))
            else:
                bound = _scalar(value, place)
                if not isinstance(bound, str) and not _is_number(bound):
                    raise BadFilter(place, "has no order", "Give a number or a text")
                conditions.append(_metadata_like(path, [bound], f"{_COMPARISONS[operator]} ?", [bound]))
        return _joined("AND", conditions)

    def _caption(self, wanted: object, at: str) -> Condition:
        self._count(at)
        if not isinstance(wanted, dict):
            raise BadFilter(at, "is not an object", 'Give one such as {"contains": "dog"}; {} is any caption')
        parts, parameters = ["captions.image_id = images.id"], []
        for key, value in wanted.items():
            place = f"{at}.{key}"
            if key not in ("contains", "language"):
                raise _unknown(at, [key], ("contains", "language"))
            text = _scalar(value, place)
            if not isinstance(text, str) or not text:
                raise BadFilter(place, "is not a text", "Give at least one character")
            by_text = key == "contains"
            parts.append("instr(captions.folded, ?) > 0" if by_text else "captions.language = ?")
            parameters.append(folded(text) if by_text else text)
        return _leaf(f"EXISTS (SELECT 1 FROM captions WHERE {' AND '.join(parts)})", parameters)

    def _check_operators(self, operators: Mapping[str, object], known: tuple[str, ...], at: str) -> None:
        if not operators:
            raise BadFilter(at, "compares with nothing", f"Add one of {', '.join(known)}")
        for operator in operators:
            self._count(at)
            if operator not in known:
                raise _unknown(at, [operator], known)

    def _count(self, at: str) -> None:
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            reason = f"is one condition more than {MOST_CONDITIONS}"
            raise BadFilter(at, reason, "Ask for less; `in` takes many values at once", MOST_CONDITIONS)

    def _list(self, values: object, at: str) -> list[object]:
        if not isinstance(values, list | tuple):
            raise BadFilter(at, "is not a list", "Give a list of values")
        self._values += len(values)
        if self._values > MOST_VALUES:
            raise BadFilter(at, f"makes it more than {MOST_VALUES:,} values", "Give fewer", MOST_VALUES)
        return list(values)


def _metadata_is(path: str, value: Value) -> Condition:
    if isinstance(value, str) or _is_number(value):
        return _metadata_like(path, [value], "= ?", [value])
    return _leaf("json_type(images.metadata, ?) = ?", [path, json.dumps(value)])


def _metadata_in(path: str, values: Iterable[Value]) -> Condition:
    """The value at `path` is one of these, each compared with its like."""
    texts: list[Value] = []
    numbers: list[Value] = []
    names: list[Value] = []
    for value in values:
        if isinstance(value, str):
            texts.append(value)
        elif _is_number(value):
            numbers.append(value)
        else:
            names.append(json.dumps(value))
    conditions = [_leaf(f"json_type(images.metadata, ?) {_LISTED}", [path, json.dumps(names)])]
    for group in (texts, numbers):
        if group:
            conditions.append(_metadata_like(path, group, _LISTED, [json.dumps(group)]))
    return _joined("OR", conditions)


def _metadata_like(path: str, examples: list[Value], comparison: str, parameters: list[Value]) -> Condition:
    """The value at `path` is of the type of the examples, and compares so."""
    types = "('text')" if isinstance(examples[0], str) else "('integer', 'real')"
    return _leaf(
        f"json_type(images.metadata, ?) IN {types} AND json_extract(images.metadata, ?) {comparison}",
        [path, path, *parameters],
    )


def _leaf(sql: str, parameters: Iterable[Value]) -> Condition:
    """NULL, which is what a missing key compares to, counts as false: only so does NOT give the others."""
    return Condition(f"(({sql}) IS TRUE)", tuple(parameters))


def _joined(word: str, conditions: list[Condition]) -> Condition:
    parameters = tuple(one for condition in conditions for one in condition.parameters)
    return Condition(f"({f' {word} '.join(condition.sql for condition in conditions)})", parameters)


def _path(keys: object, at: str) -> str:
    """`keys`, one or a list of them from the outside in, as SQLite's JSON functions write a place."""
    listed = [keys] if isinstance(keys, str) else keys
    if not isinstance(listed, list | tuple) or not listed or len(listed) > MOST_DEEP:
        raise BadFilter(at, f"is no key and no list of 1 to {MOST_DEEP} keys", "Give one", MOST_DEEP)
    for key in listed:
        if not isinstance(key, str) or len(key) > MOST_CHARACTERS:
            raise BadFilter(at, f"holds no text of up to {MOST_CHARACTERS} characters", "Name a key")
        if '"' in key:  # which older releases of SQLite cannot be asked for
            raise BadFilter(at, 'holds the character "', "Ask for another key")
    # The catalog writes keys with the same escapes.
    return "$" + "".join(f".{json.dumps(key)}" for key in listed)


def _scalar(value: object, at: str) -> Value:
    """`value`, if SQLite can take it as it is."""
    if isinstance(value, str):
        if len(value) > MOST_CHARACTERS:
            reason = f"has {len(value):,} characters; the limit is {MOST_CHARACTERS:,}"
            raise BadFilter(at, reason, "Shorten it", MOST_CHARACTERS)
        if any(0xD800 <= ord(character) < 0xE000 for character in value):
            raise BadFilter(at, "is not Unicode text", "Replace its lone surrogates")
        return value
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise BadFilter(at, "is beyond 64 bits", "Give a smaller number", 2**63 - 1)
    if isinstance(value, float) and not math.isfinite(value):
        raise BadFilter(at, "is not finite", "Give a number")
    if value is None or isinstance(value, int | float):
        return value
    raise BadFilter(at, "is a list or an object", "Give text, a number, true, false or null")


def _negation(exists: object, at: str) -> str:
    """Of IS NULL, where something is asked to exist."""
    if not isinstance(exists, bool):
        raise BadFilter(at, "is neither true nor false", "Give one of them")
    return "NOT" if exists else ""


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _instant(value: object, at: str) -> str:
    """As the catalog writes its instants."""
    try:
        found = datetime.fromisoformat(_scalar(value, at))  # type: ignore[arg-type] # TypeError is caught
        in_utc = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        remedy = "Give RFC 3339 such as 2026-01-31T12:00:00Z, or a date"
        raise BadFilter(at, "is no instant", remedy) from None
    return instant(in_utc)


def _unknown(at: str, keys: Iterable[object], known: tuple[str, ...]) -> BadFilter:
    name = str(next(iter(keys)))[:40]
    return BadFilter(at, f"has {name!r}, which means nothing there", f"Use {', '.join(known)}")
