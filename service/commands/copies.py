"""Copies of what a store holds: `backup`, `export` and `import`, and what they tell in the end."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from lzma import LZMAError
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NoReturn

from tqdm import tqdm

from index.backup import back_up
from index.bundle import MANIFEST, read_manifest
from index.errors import BundleDamaged, TargetTaken, translated
from index.export import export, tar_of
from index.imports import import_bundle
from service.client import Conflict, Pivot
from service.client.connection import whole
from service.client.documents.jobs import Job
from service.commands.arguments import PROGRAM
from service.commands.errors import CommandError
from service.commands.jobs import follow
from service.decoder import Decoder
from service.images import ImageError
from service.keys import KeyFile

TAR: Final = ".tar"


class FilesLost(CommandError):
    """The store misses files of images that it has, so that no copy can have them."""

    def __init__(self, told: str, lost: int, store: Path) -> None:
        super().__init__(
            f"{told} But {lost:,} of the photos have lost their files in the store."
            f" Stop the service and find them with\n  {PROGRAM} doctor --store {store}"
        )
        self.lost = lost


class NotExported(CommandError):
    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is nothing that `export` wrote. Name what it wrote, or add photos and archives with"
            " `upload`."
        )
        self.path = path


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
    """What was done, for people. Raises FilesLost and what `export` and `tar_of` raise."""
    if target.suffix == TAR:
        _check_free(target)
        with translated(target), whole(target) as file:
            file.writelines(tar_of(store, collection))
        return f"{collection} is in {target}."
    with _bar("export") as progress:
        done = export(store, collection, target, progress)
    told = f"{done.images:,} images of {collection} are in {target}."
    if done.lost:
        raise FilesLost(told, len(done.lost), store)
    return told


def fetch_collection(pivot: Pivot, collection: str, target: Path) -> str:
    """Export from a running service. Raises TargetTaken, StorageFull, StorageUnwritable, a PivotError."""
    _check_free(target)
    with translated(target), tqdm(desc="export", unit="B", unit_scale=True, disable=None) as bar:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == TAR:
            pivot.export_collection(collection, target, bar.update)
        else:
            with TemporaryDirectory(prefix="pivot-", dir=target.parent) as folder:
                archive = Path(folder) / f"bundle{TAR}"
                pivot.export_collection(collection, archive, bar.update)
                with tarfile.open(archive) as members:
                    members.extractall(target, filter="data")
    return f"{collection} is in {target}."


def send_collection(pivot: Pivot, bundle: Path, collection: str | None) -> Job:
    """Import into a running service; the job at its end. Raises NotExported, BundleDamaged, a PivotError."""
    name = _name_in(bundle)
    with TemporaryDirectory(prefix="pivot-") as folder:
        archive = bundle
        if bundle.is_dir():
            archive = Path(folder) / "bundle.tar"
            with tarfile.open(archive, "w") as members:
                members.add(bundle, arcname="")
        with suppress(Conflict):  # which says that it exists
            pivot.create_collection(collection or name)
        job = pivot.import_archive(archive, collection=collection or name)
    return follow(pivot, job.id)


def import_collection(bundle: Path, store: Path, collection: str | None, decoder: Decoder) -> str:
    """What was done, for people. Raises NotExported and what `import_bundle` raises."""
    _name_in(bundle)
    if bundle.is_file():
        with TemporaryDirectory(prefix="pivot-", dir=bundle.parent) as folder, _damage_in(bundle, folder):
            with _tar(bundle) as members, translated(Path(folder)):
                members.extractall(folder, filter="data")
            return import_collection(Path(folder), store, collection, decoder)
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


def _check_free(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise TargetTaken(target)


@contextmanager
def _tar(path: Path) -> Iterator[tarfile.TarFile]:
    """Raises NotExported, BundleDamaged."""
    try:
        if not tarfile.is_tarfile(path):
            raise NotExported(path)
        with tarfile.open(path) as members:
            yield members
    except (tarfile.TarError, EOFError, zlib.error, LZMAError) as error:
        raise BundleDamaged(path, f"is no tar that can be read: {error}") from error


def _name_in(bundle: Path) -> str:
    """Of the collection that was exported. Raises NotExported, BundleDamaged."""
    if bundle.is_dir():
        if not (bundle / MANIFEST).is_file():
            raise NotExported(bundle)
        return read_manifest(bundle).name
    with _tar(bundle) as members, TemporaryDirectory(prefix="pivot-") as folder, _damage_in(bundle, folder):
        for member in members:
            if Path(member.name) == Path(MANIFEST):
                members.extract(member, folder, filter="data")
                return read_manifest(Path(folder)).name
    raise NotExported(bundle)


@contextmanager
def _damage_in(bundle: Path, unpacked: str) -> Iterator[None]:
    """Names the tar in place of the folder that it was unpacked to, which nobody else knows."""
    try:
        yield
    except BundleDamaged as error:
        if not error.path.is_relative_to(unpacked):
            raise
        raise BundleDamaged(bundle / error.path.relative_to(unpacked), error.reason) from error


@contextmanager
def _bar(name: str) -> Iterator[Callable[[int, int], None]]:
    bar: tqdm[NoReturn]
    with tqdm(desc=name, unit=" images", disable=None) as bar:

        def progress(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        yield progress
