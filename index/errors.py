"""What can go wrong, by name, and the one place where errors of sqlite3 and the system get these names."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class GalleryError(Exception):
    """The base of every error that this package raises. Its text ends with the remedy."""


class UnknownCollection(GalleryError):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is no collection {name!r}. Create it first, or pick one from the list.")
        self.name = name


class CollectionExists(GalleryError):
    def __init__(self, name: str) -> None:
        super().__init__(f"A collection {name!r} exists already. Use it, or choose another name.")
        self.name = name


class CollectionFixed(GalleryError):
    def __init__(self, name: str) -> None:
        super().__init__(f"The collection {name!r} keeps its name. Create another, and add the images there.")
        self.name = name


class BadCollectionName(GalleryError):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} cannot name a collection. Use 1 to 64 characters of a-z, 0-9, '-' and '_',"
            " the first a letter or a digit."
        )
        self.name = name


class UnknownImage(GalleryError):
    def __init__(self, collection: str, id: int) -> None:
        super().__init__(
            f"Collection {collection!r} has no image {id}. It may have been deleted: list the images."
        )
        self.collection = collection
        self.id = id


class ImageRefused(GalleryError):
    """An image that cannot be stored beside those that are there; `place` says which of several it is."""

    def __init__(self, text: str, place: int) -> None:
        super().__init__(text)
        self.place = place


class ExternalIdTaken(ImageRefused):
    """Another image has it, or the collection knows the image by another one."""

    def __init__(self, collection: str, external_id: str, place: int = 0) -> None:
        super().__init__(
            f"The external id {external_id!r} is not free in collection {collection!r}: another image has it,"
            " or this image has another one. Change or delete that image first, or give another external id.",
            place,
        )
        self.collection = collection
        self.external_id = external_id


class TooManyCaptions(ImageRefused):
    def __init__(self, captions: int, limit: int, place: int = 0) -> None:
        super().__init__(
            f"The image would have {captions:,} captions; the limit is {limit:,}. Give fewer.", place
        )
        self.captions = captions
        self.limit = limit


class NotEmbedded(GalleryError):
    """The image is there, but was embedded by another model only."""

    def __init__(self, collection: str, id: int) -> None:
        super().__init__(
            f"Image {id} of collection {collection!r} awaits its vector of the current model. Try again."
        )
        self.collection = collection
        self.id = id


class ModelChanged(GalleryError):
    """A vector of `model_version` came after another model had taken over."""

    def __init__(self, model_version: str, serving: str) -> None:
        super().__init__(
            f"Model {serving} serves now, instead of {model_version}. Embed with it, and try again."
        )
        self.model_version = model_version
        self.serving = serving


class BadVector(GalleryError):
    def __init__(self, reason: str, dim: int) -> None:
        super().__init__(f"The vector {reason}. Hand in ({dim},) float32, of length 1.")
        self.reason = reason
        self.dim = dim


class BadValue(GalleryError):
    """`limit` is the one that was passed, where there is one."""

    def __init__(self, field: str, reason: str, limit: int | None = None) -> None:
        super().__init__(f"`{field}` {reason}.")
        self.field = field
        self.reason = reason
        self.limit = limit


class BadFilter(GalleryError):
    """`field` is the place in the filter, such as `filter.and[1].gte`; `limit` the one that was passed."""

    def __init__(self, field: str, reason: str, remedy: str, limit: int | None = None) -> None:
        super().__init__(f"`{field}` {reason}. {remedy}.")
        self.field = field
        self.reason = reason
        self.remedy = remedy
        self.limit = limit


class BadCursor(GalleryError):
    def __init__(self) -> None:
        super().__init__("The cursor was not made here. Take it from an answer unchanged, or leave it out.")


class CursorExpired(GalleryError):
    """The cursor belongs to another query, list or model, or other options, where it means nothing."""

    def __init__(self) -> None:
        super().__init__(
            "The cursor has expired: the query, an option such as the sort or the filter, or the model is not"
            " what it was made for. Ask again from the first page."
        )


class StoreInUse(GalleryError):
    """`pid` is None while the owner has not written it yet."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        owner = "another process" if pid is None else f"process {pid}"
        super().__init__(f"{folder} is in use by {owner}. Stop it, or choose another folder.")
        self.folder = folder
        self.pid = pid


class NoStore(GalleryError):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"There is no store in {folder}. Name the folder that the service keeps its data in."
        )
        self.folder = folder


class TargetTaken(GalleryError):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} holds something else already. Choose a new or an empty folder.")
        self.folder = folder


class TargetWithin(GalleryError):
    def __init__(self, folder: Path, store: Path) -> None:
        super().__init__(f"One of {folder} and {store} lies within the other. Choose a folder elsewhere.")
        self.folder = folder
        self.store = store


class BundleDamaged(GalleryError):
    """`path` is the file of the bundle that is to blame."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path}: {reason}. Correct it, or export again; the same command goes on where it stopped."
        )
        self.path = path
        self.reason = reason


class StoreTooNew(GalleryError):
    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"The store was written by a newer release (schema {found}; this one knows up to {known})."
            " Install that release, or restore a backup from before the upgrade."
        )
        self.found = found
        self.known = known


class StoreClosed(GalleryError):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"The store {folder} has been closed. Open it again.")
        self.folder = folder


class StoreDamaged(GalleryError):
    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The store {folder} cannot be read: {reason}. Restore it from a backup.")
        self.folder = folder
        self.reason = reason


class StorageFull(GalleryError):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"No space is left for {folder}; what is there already stays. Free some, then try again."
        )
        self.folder = folder


class StorageUnwritable(GalleryError):
    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder} cannot be written: {reason}. Check its owner, its rights and its disk.")
        self.folder = folder
        self.reason = reason


_UNWRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Gives errors of SQLite and of the operating system, met while using `folder`, the names above.

    Misuse of sqlite3 (a wrong statement, a closed connection) is a bug, not an event: it passes as it is.
    """
    try:
        yield
    except sqlite3.Error as error:
        named = _of_sqlite(error, folder)
        if named is None:
            raise
        raise named from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(folder) from error
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StorageUnwritable(folder, reason) from error


def _of_sqlite(error: sqlite3.Error, folder: Path) -> GalleryError | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    primary = code & 0xFF
    # What connections share in memory is a file too: on a full disk it fails before any write.
    if primary == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE:
        return StorageFull(folder)
    if primary in _UNWRITABLE:
        return StorageUnwritable(folder, f"{error} ({error.sqlite_errorname})")
    if primary in _DAMAGED:
        return StoreDamaged(folder, str(error))
    return None
