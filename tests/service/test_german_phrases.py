"""The words that errors find themselves, in German: all that stand in the source are looked up here."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import core_schema

from service.german_phrases import phrase
from service.german_validation import VALIDATION, validation

ROOT: Final = Path(__file__).parent.parent.parent
SOURCES: Final = [*ROOT.glob("index/*.py"), *ROOT.glob("service/**/*.py")]
# Errors with words of their own, and which of their arguments these are.
WORDED: Final = {
    "BadValue": [1],
    "BadFilter": [1, 2],
    "BadForm": [0],
    "BadMetadata": [0],
    "Refused": [0],
    "EntryRefused": [0],
    "ArchiveUnusable": [0],
    "UrlRefused": [0],
    "FetchFailed": [0],
    "FileUnreadable": [0],
    "BundleDamaged": [1],
    "BadVector": [0],
}
# What only commands tell, which speak English: by its place or by its function.
COMMANDS: Final = ("service/commands", "index/imports.py", "check_bundle")
GIVING: Final = ("refusal_of", "_zip_refusal", "_tar_refusal", "_reason")  # functions that give such words
# Types of pydantic's that only Python's own objects can have, or that no field of ours is.
ELSEWHERE: Final = re.compile(
    "needs_python_object|no_such_attribute|recursion_depth_exceeded|frozen_(field|instance|dict)|get_attribute"
    "|dataclass_|named_tuple|default_factory|iteration_error|ordered_dict|counter_|deque_|set_item|missing_sent"
    "|ellipsis|date_from|date_past|date_future|datetime_(object|past|future)|timezone_(naive|offset)|time_delta|is_inst"
    "|is_subclass|callable|arguments_|missing_(argument|keyword|positional)|unexpected_|multiple_arg"
    "|uuid_version|decimal_|fraction_|complex_"
)


def templates(node: ast.expr) -> Iterator[str]:
    """The texts that an expression may be, with `X` for what is put in."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in parts)
        case ast.IfExp(body=yes, orelse=no):
            yield from templates(yes)
            yield from templates(no)
        case ast.BoolOp(values=values):
            for value in values:
                yield from templates(value)


def words_of(tree: ast.AST, is_of_schemas: bool) -> Iterator[str]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name not in COMMANDS:
            yield from _words_in(function)
            if function.name in GIVING:
                yield from _words_given(function)
            if is_of_schemas:
                yield from _words_for_pydantic(function)


def _words_in(function: ast.AST) -> Iterator[str]:
    names = set()
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in WORDED:
                for argument in (arguments[position] for position in WORDED[name]):
                    yield from templates(argument)
                    if isinstance(argument, ast.Name):
                        names.add(argument.id)
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in names:
                yield from templates(value)


def _words_given(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        match node:
            case ast.Return(value=ast.expr() as value):
                yield from templates(value)


def _words_for_pydantic(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name(id="ValueError"), args=[text])):
                yield from templates(text)


def test_all_words_in_the_source_have_their_german() -> None:
    """Add what is missing to `PHRASES` in `service/german_phrases.py`."""
    found: set[str] = set()
    for source in SOURCES:
        if not str(source.relative_to(ROOT)).startswith(COMMANDS):
            text = source.read_text()
            judging = "pydantic import" in text or source.name == "bundle.py"
            found |= set(words_of(ast.parse(text), is_of_schemas=judging))
    found = {words for words in found if re.search("[a-z]", words)}  # some are made of others only
    assert len(found) > 30
    assert {words for words in found if phrase(words) == words} == set()


def test_every_type_of_error_that_a_request_can_have_is_told_in_german() -> None:
    types = set(get_args(core_schema.ErrorType))
    missing = {one for one in types - set(VALIDATION) if not ELSEWHERE.match(one)}
    assert missing == set()
    assert set(VALIDATION) <= types


class Strict(BaseModel, strict=True, extra="forbid"):
    number: int = Field(default=1, ge=1, le=1000)
    text: str = Field(default="abc", max_length=3)
    many: list[int] = Field(default=[], max_length=1)
    real: float = 0.5


@pytest.mark.parametrize(
    ("value", "german"),
    [
        ({"number": 2000}, "Die Zahl darf höchstens 1.000 sein"),
        ({"number": "1"}, "Eine ganze Zahl angeben"),
        ({"text": "abcd"}, "Höchstens 3 Zeichen angeben"),
        ({"many": [1, 2]}, "Zu viele Einträge (2): höchstens 1 angeben"),
        ({"real": True}, "Eine Zahl angeben"),
        ({"other": 1}, "Dieses Feld gibt es hier nicht"),
    ],
)
def test_an_error_of_pydantic_is_told_with_its_data(value: dict[str, Any], german: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Strict.model_validate_json(json.dumps(value))
    (error,) = raised.value.errors()
    assert validation(error) == german


def test_an_error_that_nobody_foresaw_is_told_in_pydantics_words() -> None:
    assert validation({"type": "of_tomorrow", "msg": "Try it"}) == "Der Wert ist unbrauchbar (Try it)"


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("is not Unicode text", "ist kein Unicode-Text"),
        ("has 2,000 characters; the limit is 1,000", "hat 2.000 Zeichen; die Grenze ist 1.000"),
        ("is not a number", "ist keine Zahl"),
        ("`files` is text where a file belongs", "`files` ist Text, wo eine Datei hingehört"),
        ("Give one of gt, lt", "Eines von diesen angeben: gt, lt"),
        ("its a.jsonl: line 1: `b` is missing", "a.jsonl darin: Zeile 1: `b` fehlt"),
        (
            "Invalid JSON: expected value at line 1 column 2",
            "kein gültiges JSON: ein Wert fehlt in Zeile 1, Spalte 2",
        ),
        ("something else", "something else"),
    ],
)
def test_a_phrase_takes_what_was_put_into_it_along(english: str, german: str) -> None:
    assert phrase(english) == german
