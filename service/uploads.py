"""What is handed in, and what became of it."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, Literal, NamedTuple, Self

from index.errors import ImageRefused
from index.records import ImageRecord, Json
from index.vectors import Row
from service.descriptions import GivenCaption
from service.images import FileTooLarge, ImageEmpty, ImageError

MAX_FILENAME: Final = 255  # characters
MAX_SUFFIX: Final = 16  # characters of it, kept at the end of a name that is cut

# A request holds two chunks in memory at a time: one that is being decoded, and the one before it.
CHUNK_FILES: Final = 16
CHUNK_BYTES: Final = 64 * 1024 * 1024


class FileUnreadable(ImageError):
    """The operating system would not give the file."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The file cannot be read: {self.reason}. Check that it is there, and its rights."


class Made(NamedTuple):
    """What one model made of an image elsewhere: (dim,) float32, unit; None where there is none."""

    image: Row | None
    captions: tuple[Row | None, ...]  # one for each


@dataclass(frozen=True)
class Upload:
    """A file to come. Nothing is opened before its turn, so there may be any number of them."""

    filename: str
    open: Callable[[], BinaryIO]
    metadata: dict[str, Json] = field(default_factory=dict)
    captions: Sequence[GivenCaption] = ()
    external_id: str | None = None
    made: Mapping[str, Made] = field(default_factory=dict)  # by the version of the model
    created_at: str | None = None

    @classmethod
    def from_path(
        cls, path: Path, filename: str | None = None, metadata: dict[str, Json] | None = None
    ) -> Self:
        """A file on disk; `filename` where it should go by another name."""
        return cls(filename or path.name, lambda: path.open("rb"), metadata or {})

    def read(self, limit: int) -> "Content":
        """Raises ImageEmpty, FileTooLarge, FileUnreadable."""
        try:
            with self.open() as file:
                size = file.seek(0, os.SEEK_END)
                if size == 0:
                    raise ImageEmpty
                if size > limit:
                    raise FileTooLarge(size, limit)
                file.seek(0)
                data = file.read()
        except OSError as error:
            raise FileUnreadable(error.strerror or "unknown reason") from error
        return Content(
            clean_filename(self.filename),
            self.metadata,
            data,
            sha256(data).hexdigest(),
            self.captions,
            self.external_id,
            self.made,
            self.created_at,
        )


@dataclass(frozen=True)
class Content:
    """A file that was read; `sha256` is hexadecimal."""

    filename: str
    metadata: dict[str, Json]
    data: bytes
    sha256: str
    captions: Sequence[GivenCaption] = ()
    external_id: str | None = None
    made: Mapping[str, Made] = field(default_factory=dict)
    created_at: str | None = None

    @property
    def says_more(self) -> bool:
        """Whether it may tell something that a known content lacks."""
        return bool(self.captions) or self.external_id is not None


@dataclass(frozen=True)
class Outcome:
    """What became of an upload: a record, newly created or found to exist, or an error."""

    filename: str
    record: ImageRecord | None = None
    created: bool = False
    error: ImageError | ImageRefused | None = None

    @property
    def status(self) -> Literal["created", "exists", "failed"]:
        if self.error is not None:
            return "failed"
        return "created" if self.created else "exists"


def chunks(
    uploads: Iterable[Upload], limit: int, files: int = CHUNK_FILES
) -> Iterator[list[Content | Outcome]]:
    """Read the uploads in their order, at most `files` at a time; what could not be read is an outcome."""
    chunk: list[Content | Outcome] = []
    size = 0
    for upload in uploads:
        try:
            content = upload.read(limit)
        except ImageError as error:
            chunk.append(Outcome(clean_filename(upload.filename), error=error))
        else:
            chunk.append(content)
            size += len(content.data)
        if len(chunk) == files or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def clean_filename(name: str) -> str:
    """The last component of the path, of either system, as text that can be stored, shown and sent."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    text = unicodedata.normalize("NFC", last)
    text = "".join("\N{REPLACEMENT CHARACTER}" if _unprintable(char) else char for char in text).strip()
    if text in ("", ".", ".."):
        return "unnamed"
    if len(text) <= MAX_FILENAME:
        return text
    suffix = PurePosixPath(text).suffix[:MAX_SUFFIX]
    return text[: MAX_FILENAME - len(suffix)] + suffix


def _unprintable(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs")  # control characters, lone surrogates
