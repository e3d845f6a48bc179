"""Changes: what of an image may become another, and what becomes of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Literal

from index.errors import BadValue
from index.records import MOST_METADATA, ImageRecord, Json, NewCaption, check_external_id, check_unicode


class Keep(Enum):
    """Where None means something."""

    KEEP = "as it is"


KEEP: Final = Keep.KEEP


@dataclass(frozen=True, eq=False)
class ImageChange:
    """What is None stays as it is. Raises BadValue where it could not be stored."""

    metadata: Mapping[str, Json] | None = None  # an RFC 7396 merge patch: null removes a key
    filename: str | None = None
    external_id: str | Literal[Keep.KEEP] | None = KEEP  # None takes it away
    captions: Sequence[NewCaption] | None = None  # all that there are to be

    def __post_init__(self) -> None:
        if self.filename is not None:
            check_unicode("filename", self.filename)
        if self.external_id is not KEEP:
            check_external_id(self.external_id)

    def applied(self, record: ImageRecord) -> ImageRecord:
        """The record as it is to be, but for its captions. Raises BadValue for metadata too large then."""
        if self.metadata is not None:
            record = replace(record, metadata=_patched(record.metadata, self.metadata))
        if self.filename is not None:
            record = replace(record, filename=self.filename)
        if self.external_id is not KEEP:
            record = replace(record, external_id=self.external_id)
        return record


def merged(target: Json, patch: Json) -> Json:
    """RFC 7396, section 2, MergePatch.

    By hand: {"a": 1, "b": {"c": 2}} patched with {"a": null, "b": {"d": 3}} is {"b": {"c": 2, "d": 3}}.
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def _patched(metadata: dict[str, Json], patch: Mapping[str, Json]) -> dict[str, Json]:
    found = merged(metadata, dict(patch))
    assert isinstance(found, dict)
    try:
        size = len(json.dumps(found, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise BadValue("metadata", f"is not JSON: {error}") from error
    if size > MOST_METADATA:
        reason = f"would have {size:,} bytes; the limit is {MOST_METADATA:,}. Remove some of its keys"
        raise BadValue("metadata", reason, MOST_METADATA)
    return found
