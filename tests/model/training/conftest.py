"""A tiny data folder: plain colours, described in two languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

COLOURS = {
    "red": "rot",
    "green": "grün",
    "blue": "blau",
    "white": "weiß",
    "black": "schwarz",
    "yellow": "gelb",
}


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    folder = tmp_path / "colours"
    (folder / "images").mkdir(parents=True)
    (folder / "captions").mkdir()
    for colour in COLOURS:
        Image.new("RGB", (32, 32), colour).save(folder / "images" / f"{colour}.png")
    english = [f"{colour}.png\tthe colour {colour}" for colour in COLOURS]
    german = [f"{colour}.png\tdie Farbe {name}" for colour, name in COLOURS.items()]
    for language, captions in (("en", english), ("de", german)):
        lines = "\n".join(["image\tcaption", *captions])
        (folder / "captions" / f"{language}.tsv").write_text(lines + "\n", encoding="utf-8")
    return folder
