"""What a request says of an image: metadata, captions, an external id. Read strictly, told by field."""

import json
import re
import unicodedata
from typing import Annotated, Any, Final, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from index.records import LONGEST_CAPTION, LONGEST_EXTERNAL_ID, MOST_CAPTIONS, MOST_METADATA
from service.bad_requests import WrongNumber
from service.queries import BadLanguage, language_code

MOST_ERRORS: Final = 100  # that are told of one request

T = TypeVar("T")


def _clean(text: str) -> str:
    """Without white space around it, and in NFC, unless that is longer than it may be."""
    stripped = text.strip()
    if not stripped:
        raise ValueError("Give at least one character")
    composed = unicodedata.normalize("NFC", stripped)
    return composed if len(composed) <= LONGEST_CAPTION else stripped


def _code(tag: str) -> str:
    try:
        return language_code(tag)
    except BadLanguage:
        raise ValueError("Give a language tag such as de or en-GB, or none") from None


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("Leave out the character NUL")
    return text


def metadata_fault(metadata: dict[str, Any]) -> str | None:
    """What keeps it from being stored, if something does."""
    try:
        size = len(json.dumps(metadata, allow_nan=False))  # pydantic lets NaN and Infinity pass
    except ValueError:
        return "it holds a number that is NaN or infinite"
    if size > MOST_METADATA:
        return f"an object has {size:,} bytes, and the limit is {MOST_METADATA:,}"
    return None


def _storable(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if fault := metadata_fault(metadata):
        raise ValueError(fault)
    return metadata


class GivenCaption(BaseModel):
    """A description of the image, in any language."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    text: Annotated[str, Field(max_length=LONGEST_CAPTION), AfterValidator(_clean)] = Field(
        examples=["Ein Hund springt ins Wasser"]
    )
    language: Annotated[str, AfterValidator(_code)] | None = Field(
        default=None, description="a tag such as de or en-GB; without it, it is detected", examples=["de"]
    )


Captions = Annotated[list[GivenCaption], Field(max_length=MOST_CAPTIONS)]
ExternalId = Annotated[str, Field(min_length=1, max_length=LONGEST_EXTERNAL_ID), AfterValidator(_without_nul)]
Metadata = Annotated[dict[str, JsonValue], AfterValidator(_storable)]

_FOR_ALL: Final[TypeAdapter[list[GivenCaption]]] = TypeAdapter(Captions)
_FOR_EACH: Final[TypeAdapter[list[list[GivenCaption]]]] = TypeAdapter(list[Captions])
_EXTERNAL_IDS: Final[TypeAdapter[list[str | None]]] = TypeAdapter(
    list[ExternalId | None], config=ConfigDict(strict=True)
)
_LIST_OF_LISTS: Final = re.compile(r"\s*\[\s*\[")


def captions_of(text: str, files: int) -> list[list[GivenCaption]]:
    """JSON, a list for all files or a list of lists, one each -> a list for each of the files.

    Raises RequestValidationError, WrongNumber.
    """
    if not _LIST_OF_LISTS.match(text):
        return [_read(_FOR_ALL, text, "captions")] * files
    return _one_each(_read(_FOR_EACH, text, "captions"), "captions", files)


def external_ids_of(text: str, files: int) -> list[str | None]:
    """JSON, a list with a string or null for each of the files. Raises as `captions_of` does."""
    return _one_each(_read(_EXTERNAL_IDS, text, "external_ids"), "external_ids", files)


def invalid(error: ValidationError, *location: str | int) -> RequestValidationError:
    """What pydantic found, for the fields that lie at the location."""
    found = error.errors(include_url=False, include_input=False)[:MOST_ERRORS]
    return RequestValidationError([{**one, "loc": (*location, *one["loc"])} for one in found])


def _read(adapter: TypeAdapter[T], text: str, field: str) -> T:
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        raise invalid(error, "form", field) from error


def _one_each(given: list[T], field: str, files: int) -> list[T]:
    if len(given) != files:
        raise WrongNumber(field, len(given), files)
    return given
