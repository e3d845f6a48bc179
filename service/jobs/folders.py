"""Folders of this machine as sources: below the roots that the operator named, and nowhere else.

Paths are resolved first, links included, and have to lie below a root then. What is opened is opened from the
root on, name by name, and no link is followed on the way: whoever swaps a folder for a link meanwhile gets
an error and not another folder's files.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from service.commands.folder import STORE
from service.images import FileTooLarge
from service.jobs.errors import EntryRefused, FolderRefused, FoldersOff
from service.jobs.records import Entry, ItemRecord
from service.jobs.sources import passed_over, refusal_of, told, upload_of
from service.uploads import FileUnreadable, Upload


class FolderSource:
    def __init__(self, folder: str, roots: tuple[Path, ...], max_image_bytes: int) -> None:
        """Raises FoldersOff, FolderRefused."""
        if not roots:
            raise FoldersOff
        self._roots = [root.resolve() for root in roots]
        self._max_image_bytes = max_image_bytes
        try:
            self.path = Path(folder).resolve(strict=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise FolderRefused(folder) from error
        if not Path(folder).is_absolute() or self._root_of(self.path) is None or not self.path.is_dir():
            raise FolderRefused(folder)

    def close(self) -> None:
        """Nothing stays open."""

    def plan(self) -> Iterator[Entry | None]:
        waiting, entered = [self.path], set[tuple[int, int]]()
        while waiting:
            folder = waiting.pop()
            try:
                names = self._names(folder, entered)
            except OSError as error:
                yield self._unreadable(folder, error)
                continue
            folders = []
            for name in names:
                path = folder / name
                try:
                    if name.startswith("."):
                        yield None
                    elif not path.is_dir():
                        yield self._entry(path)
                    elif self._inside(path) is None:
                        yield Entry(self._name(path), os.fsencode(path), "it is a link that leads out")
                    else:
                        folders.append(path)
                except OSError as error:  # where a folder may be listed, and what is in it not looked at
                    yield self._unreadable(path, error)
            waiting.extend(reversed(folders))

    def uploads(self, items: Iterable[ItemRecord]) -> Iterator[Upload]:
        for item in items:
            yield upload_of(item, self._reader(Path(os.fsdecode(item.place))))

    def _names(self, folder: Path, entered: set[tuple[int, int]]) -> list[str]:
        """Sorted; none of a folder that was met before, nor of a store of ours. Raises OSError."""
        descriptor = self._opened(folder, os.O_DIRECTORY)
        try:
            status = os.fstat(descriptor)
            known = (status.st_dev, status.st_ino) in entered
            entered.add((status.st_dev, status.st_ino))
            names = sorted(os.listdir(descriptor))  # noqa: PTH208 -- of a descriptor, not a path
        finally:
            os.close(descriptor)
        return [] if known or set(names) >= STORE else names

    def _unreadable(self, path: Path, error: OSError) -> Entry:
        return Entry(self._name(path), os.fsencode(path), f"it cannot be read: {error.strerror}")

    def _entry(self, path: Path) -> Entry | None:
        name = self._name(path)
        if passed_over(name):
            return None
        if self._inside(path) is None:
            return Entry(name, os.fsencode(path), "it is a link that leads out, or to nowhere")
        return Entry(name, os.fsencode(path), refusal_of(name))

    def _reader(self, path: Path) -> Callable[[], bytes]:
        def read() -> bytes:
            try:
                with open(self._opened(path, os.O_NONBLOCK), "rb") as file:  # noqa: PTH123 -- a descriptor
                    status = os.fstat(file.fileno())
                    if not stat.S_ISREG(status.st_mode):
                        raise EntryRefused("it is no ordinary file")
                    if status.st_size > self._max_image_bytes:
                        raise FileTooLarge(status.st_size, self._max_image_bytes)
                    return file.read(self._max_image_bytes + 1)
            except OSError as error:
                raise FileUnreadable(error.strerror or "unknown reason") from error

        return read

    def _opened(self, path: Path, flags: int) -> int:
        """A descriptor of what the path leads to, if it lies below a root. Raises OSError."""
        resolved = path.resolve(strict=True)
        root = self._root_of(resolved)
        if root is None:
            raise PermissionError(1, "it lies outside of what may be imported")
        held = os.open(root, os.O_DIRECTORY | os.O_CLOEXEC)
        parts = resolved.relative_to(root).parts
        for place, part in enumerate(parts):
            kind = flags if place == len(parts) - 1 else os.O_DIRECTORY
            try:
                inner = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | kind, dir_fd=held)
            finally:
                os.close(held)
            held = inner
        return held

    def _inside(self, path: Path) -> Path | None:
        """Where the path leads to, unless that is outside or nowhere."""
        try:
            resolved = path.resolve(strict=True)
        except (OSError, RuntimeError):
            return None
        return resolved if self._root_of(resolved) else None

    def _root_of(self, resolved: Path) -> Path | None:
        return next((root for root in self._roots if resolved.is_relative_to(root)), None)

    def _name(self, path: Path) -> str:
        return told(path.relative_to(self.path).as_posix())
