"""A data folder as people have it: photos, and captions in languages that describe different ones of them."""

from __future__ import annotations

from pathlib import Path

from PIL import Image


def own_photos(folder: Path, count: int = 50) -> Path:
    """`count` plain photos; the even ones are described in English, the odd ones in Turkish."""
    (folder / "images").mkdir(parents=True)
    (folder / "captions").mkdir()
    names = [f"{number:03}.png" for number in range(count)]
    for number, name in enumerate(names):
        Image.new("RGB", (16, 16), (5 * number % 256, 90 * number % 256, number)).save(
            folder / "images" / name
        )
    for first, language, word in ((0, "en", "photo"), (1, "tr", "resim")):
        write_captions(folder, language, [(name, f"{word} {name[:3]}") for name in names[first::2]])
    return folder


def write_captions(folder: Path, language: str, captions: list[tuple[str, str]]) -> None:
    lines = ["image\tcaption", *(f"{name}\t{text}" for name, text in captions)]
    (folder / "captions" / f"{language}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
