"""The photos below a folder, however many there are."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# What files of the accepted formats are called. A test holds this against what the decoders register.
SUFFIXES: Final = frozenset(
    (
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
        *(".png", ".apng", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
        *(".avif", ".avifs", ".heic", ".heics", ".heif", ".heifs", ".hif"),
    )
)

# What a store of ours looks like. To index the images in it would make it grow for ever.
STORE: Final = frozenset(("catalog.sqlite3", "lock"))


@dataclass(frozen=True)
class Photo:
    """A file that is called like a photo. `name` is its path below the folder, with `/`, as clean text."""

    path: Path
    name: str


@dataclass(frozen=True)
class Other:
    """A file of another kind, which nobody looks into."""

    name: str


@dataclass(frozen=True)
class Unreadable:
    """A file or a folder that the system does not let us see."""

    name: str
    reason: str


Entry = Photo | Other | Unreadable


def walk(root: Path) -> Iterator[Entry]:
    """Everything below `root` except hidden files and stores, folder by folder, in the order of the names.

    Links are followed, but no folder is entered twice, so that links in a circle do no harm. At any time
    it remembers the entries of one folder and the folders that it has met.
    """
    waiting = [root]
    entered: set[tuple[int, int]] = set()
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            yield Unreadable(_name(folder, root), _reason(error))
            continue
        if {entry.name for entry in entries} >= STORE:
            continue
        folders: list[Path] = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            kind = _kind(entry, root)
            if kind is None:
                folders.append(Path(entry.path))
            else:
                yield kind
        waiting.extend(reversed(folders))


def _kind(entry: os.DirEntry[str], root: Path) -> Entry | None:
    """What is there; None for a folder."""
    path = Path(entry.path)
    name = _name(path, root)
    try:
        if entry.is_dir():
            return None
        if path.suffix.lower() not in SUFFIXES:
            return Other(name)
        if entry.is_file():
            return Photo(path, name)
    except OSError as error:
        return Unreadable(name, _reason(error))
    return Unreadable(name, "It is a link to nowhere, or no ordinary file")


def _name(path: Path, root: Path) -> str:
    return text_of(path.relative_to(root).as_posix())


def text_of(name: str) -> str:
    """File names are bytes to the system; what is no UTF-8 among them cannot be stored or sent as text."""
    return os.fsencode(name).decode(errors="replace")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
