"""The folders that training is asked to read: their languages, photos and captions, and what looks amiss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from model.training.data import Caption, DataError, Photos, has_captions, read_photos, read_table

LAYOUT = (
    "A data folder has images/ with the photos, and for each language a tab-separated table"
    " captions/<language>.tsv, such as captions/en.tsv, whose first line is: image<TAB>caption"
)


def languages_in(folders: Sequence[Path]) -> tuple[str, ...]:
    """The languages that any of the folders has captions in, by their codes.

    Raises:
        DataError: there is none.
    """
    found = {table.stem for folder in folders for table in (folder / "captions").glob("*.tsv")}
    if not found:
        raise DataError(f"{folders[0]} has no captions/<language>.tsv. {LAYOUT}.")
    return tuple(sorted(found))


def read_sources(folders: Sequence[Path], split: str, languages: Sequence[str]) -> list[Photos]:
    """The photos of every folder, with the captions that it has in these languages.

    Raises:
        DataError: a folder has captions in none of them, or one of them has captions nowhere.
    """
    present = [[language for language in languages if has_captions(folder, language)] for folder in folders]
    nowhere = set(languages).difference(*present)
    if nowhere:
        raise DataError(
            f"no folder has captions in: {', '.join(sorted(nowhere))}. Leave it out of --languages."
        )
    for folder, known in zip(folders, present, strict=True):
        if not known:
            raise DataError(
                f"{folder} has captions in none of: {', '.join(languages)}. Leave it out of --data."
            )
    return [read_photos(folder, split, known) for folder, known in zip(folders, present, strict=True)]


def described(photos: Photos) -> Photos:
    """Those with a caption: the others teach nothing, and a folder may hold files that are no photos."""
    return chosen(photos, {caption.image for captions in photos.captions.values() for caption in captions})


def chosen(photos: Photos, positions: Iterable[int]) -> Photos:
    """The photos at these positions, in their order, with their captions; no language without any."""
    kept = sorted(positions)
    new = {old: position for position, old in enumerate(kept)}
    captions = {
        language: [Caption(new[caption.image], caption.text) for caption in known if caption.image in new]
        for language, known in photos.captions.items()
    }
    return Photos(
        tuple(photos.paths[old] for old in kept),
        {language: known for language, known in captions.items() if known},
    )


def together(parts: Sequence[Photos]) -> Photos:
    """One collection of all the photos, the parts one after the other."""
    paths: list[Path] = []
    captions: dict[str, list[Caption]] = {}
    for photos in parts:
        for language, known in photos.captions.items():
            captions.setdefault(language, []).extend(
                Caption(len(paths) + caption.image, caption.text) for caption in known
            )
        paths += photos.paths
    return Photos(tuple(paths), captions)


def strays(folder: Path, languages: Sequence[str]) -> list[str]:
    """A sentence for each table with captions of files that images/ does not have, which are left out."""
    present = {path.name for path in (folder / "images").iterdir()}
    sentences = []
    for language in languages:
        if not has_captions(folder, language):
            continue
        table = folder / "captions" / f"{language}.tsv"
        names = [row["image"] for row in read_table(table, "image", "caption")]
        missing = [name for name in names if name not in present]
        if missing:
            sentences.append(
                f"{table}: {len(missing)} of {len(names)} lines are left out, for images/ has no such file,"
                f" for example {missing[0]!r}. Names count in full, with their ending, in capitals or not."
            )
    return sentences
