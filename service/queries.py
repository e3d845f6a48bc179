"""What people ask, made ready for a model: text that can be read, a language that can be named."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final


class QueryError(Exception):
    """A question that cannot be asked. The text ends with the remedy."""


class QueryEmpty(QueryError):
    def __str__(self) -> str:
        return "The query is empty. Write what the image should show."


class QueryTooLong(QueryError):
    def __init__(self, characters: int, limit: int) -> None:
        super().__init__(characters, limit)
        self.characters = characters
        self.limit = limit

    def __str__(self) -> str:
        return f"The query has {self.characters:,} characters; the limit is {self.limit:,}. Shorten it."


class QueryUnreadable(QueryError):
    """No part of the text is known to the model."""

    def __str__(self) -> str:
        return "The model cannot read this script. Ask in another language."


class BadLanguage(QueryError):
    def __init__(self, language: str) -> None:
        super().__init__(language)
        self.language = language

    def __str__(self) -> str:
        return f"{self.language!r} is no language tag. Give one such as de or en-GB, or none."


class OutOfRange(QueryError):
    """`limit` is the bound that `value` is beyond."""

    def __init__(self, field: str, value: float, least: float, most: float) -> None:
        super().__init__(field, value, least, most)
        self.field = field
        self.value = value
        self.least = least
        self.most = most
        self.limit = least if value < least else most

    def __str__(self) -> str:
        return (
            f"{self.field} is {self.value}; the limits are {self.least} and {self.most}."
            f" Give a {self.field} between them."
        )


class NoThreshold(QueryError):
    """Files are the same or are not."""

    def __str__(self) -> str:
        return "Exact duplicates have no threshold. Leave `threshold` out, or ask for near or similar ones."


class NotWhole(QueryError):
    """A distance that lies between two numbers of bits."""

    def __init__(self, value: float) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return f"threshold is {self.value}; for near duplicates it counts bits. Give a whole number."


class CaptionsWithoutRules(QueryError):
    """Captions should take part where nobody measured what they are worth."""

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self.model = model

    def __str__(self) -> str:
        return (
            f"Captions take part where there are rules for them with the model (which is {self.model}), and"
            " the query is nothing but texts of positive weight. Leave `captions` out, or send false."
        )


class UnknownModel(QueryError):
    """Vectors of a model were asked for that does not serve."""

    def __init__(self, name: str, serving: str) -> None:
        super().__init__(name, serving)
        self.name = name[:100]
        self.serving = serving

    def __str__(self) -> str:
        return f"There is no model {self.name!r}; the one that serves is {self.serving}. Send that name."


class WrongDimensions(QueryError):
    """Shorter vectors were asked for; to cut ours would ruin them."""

    def __init__(self, given: int, limit: int) -> None:
        super().__init__(given, limit)
        self.given = given
        self.limit = limit

    def __str__(self) -> str:
        return f"`dimensions` is {self.given}; the model's vectors have {self.limit}. Leave `dimensions` out."


class InField(Exception):
    """An error that has to be told with the name of another field than usual: one of several parts, say."""

    def __init__(self, field: str, error: Exception) -> None:
        super().__init__(field, error)
        self.field = field
        self.error = error

    def __str__(self) -> str:
        return str(self.error)


@contextmanager
def in_field(field: str | None, *kinds: type[Exception]) -> Iterator[None]:
    """Errors of these kinds name `field`, unless it is None."""
    try:
        yield
    except kinds as error:
        if field is None:
            raise
        raise InField(field, error) from error


_TAG: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8})*")


def clean_query(text: str, limit: int) -> str:
    """NFC, single spaces, no control characters. Raises QueryTooLong, QueryEmpty."""
    if len(text) > limit:
        raise QueryTooLong(len(text), limit)
    printable = "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in text)
    cleaned = " ".join(unicodedata.normalize("NFC", printable).split())
    if not cleaned:
        raise QueryEmpty
    return cleaned


def language_code(tag: str) -> str:
    """The ISO 639 code of a language tag: `de-AT` -> `de`. Raises BadLanguage."""
    found = _TAG.fullmatch(tag)
    if found is None:
        raise BadLanguage(tag[:40])
    return found.group(1).lower()
