"""What jobs read from: a source is looked through first, then its items are read one by one."""

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import PurePosixPath
from typing import Final, Protocol

from service.commands.folder import SUFFIXES
from service.jobs.errors import EntryRefused
from service.jobs.records import Entry, ItemRecord
from service.uploads import Upload

ARCHIVES: Final = frozenset((".zip", ".tar", ".tgz", ".tbz", ".txz", ".gz", ".bz2", ".xz", ".7z", ".rar"))


class Source(Protocol):
    """Raises a BadRequest where it cannot be read as a whole."""

    def plan(self) -> Iterator[Entry | None]:
        """Everything there is, in an order that stays; None for what is passed over."""

    def uploads(self, items: Iterable[ItemRecord]) -> Iterator[Upload]:
        """One for each of the items, whose order is that of the plan."""

    def close(self) -> None: ...


def passed_over(name: str) -> bool:
    """Hidden files, what macOS adds to archives, and what is called neither a photo nor an archive."""
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") and part not in (".", "..") for part in path.parts)
    return hidden or "__MACOSX" in path.parts or path.suffix.lower() not in SUFFIXES | ARCHIVES


def refusal_of(name: str) -> str | None:
    """Why an entry of this name is not read; None where it is. Nothing is ever unpacked by its name."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or name[1:2] == ":":
        return "its name leads out of the archive"
    if path.suffix.lower() in ARCHIVES:
        return "it is an archive within the archive"
    return None


def told(name: str) -> str:
    """The name as text that can be stored and sent."""
    return name.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def upload_of(item: ItemRecord, read: Callable[[], bytes]) -> Upload:
    """`read` may raise an ImageError; nobody calls it where the item is refused."""

    def opened() -> BytesIO:
        if item.refusal is not None:
            raise EntryRefused(item.refusal)
        return BytesIO(read())

    return Upload(item.name, opened, {"path": item.name})
