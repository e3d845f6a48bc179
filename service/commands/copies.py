"""Copies of what a store holds: `backup`, `export` and `import`, and what they tell in the end."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from tqdm import tqdm

from index.backup import back_up
from index.export import export
from index.imports import import_bundle
from service.commands.arguments import PROGRAM
from service.commands.errors import CommandError
from service.decoder import Decoder
from service.images import ImageError
from service.keys import KeyFile


class FilesLost(CommandError):
    """The store misses files of images that it has, so that no copy can have them."""

    def __init__(self, told: str, lost: int, store: Path) -> None:
        super().__init__(
            f"{told} But {lost:,} of the photos have lost their files in the store."
            f" Stop the service and find them with\n  {PROGRAM} doctor --store {store}"
        )
        self.lost = lost


def backup(store: Path, target: Path) -> str:
    """What was done, for people. Raises FilesLost and what `back_up` raises."""
    with _bar("backup") as progress:
        done = back_up(store, target, progress)
    KeyFile(store).copy_to(target)  # or what was closed would be open where the backup is served
    told = f"{done.images:,} images are safe in {target}, {done.copied:,} of them copied now."
    if done.lost:
        raise FilesLost(told, len(done.lost), store)
    return told


def export_collection(store: Path, collection: str, target: Path) -> str:
    """What was done, for people. Raises FilesLost and what `export` raises."""
    with _bar("export") as progress:
        done = export(store, collection, target, progress)
    told = f"{done.images:,} images of {collection} are in {target}."
    if done.lost:
        raise FilesLost(told, len(done.lost), store)
    return told


def import_collection(bundle: Path, store: Path, collection: str | None, decoder: Decoder) -> str:
    """What was done, for people. Raises what `import_bundle` raises."""
    with _bar("import") as progress:
        done = import_bundle(bundle, store, collection, thumbnailer(decoder), progress)
    return f"{done.added:,} images added to {done.collection}, {done.existing:,} already there."


def thumbnailer(decoder: Decoder) -> Callable[[bytes], bytes | None]:
    """What the index asks for where a thumbnail is missing."""

    def thumbnail(original: bytes) -> bytes | None:
        try:
            return decoder.decode(original).result().thumbnail
        except ImageError:
            return None

    return thumbnail


@contextmanager
def _bar(name: str) -> Iterator[Callable[[int, int], None]]:
    bar: tqdm[NoReturn]
    with tqdm(desc=name, unit=" images", disable=None) as bar:

        def progress(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        yield progress
