from __future__ import annotations

from pathlib import Path

import pytest

from model.training.data import Caption, DataError, Photos
from model.training.sources import chosen, languages_in, strays, together
from tests.model.training.own_photos import own_photos, write_captions


def test_the_tables_say_which_languages_there_are(tmp_path: Path) -> None:
    assert languages_in([own_photos(tmp_path / "mine")]) == ("en", "tr")
    with pytest.raises(DataError, match=r"has no captions/<language>\.tsv.*first line is: image<TAB>caption"):
        languages_in([tmp_path])


def test_captions_of_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    folder = own_photos(tmp_path / "mine")
    assert strays(folder, ["en", "tr"]) == []
    write_captions(folder, "tr", [("001.png", "resim"), ("003.PNG", "resim")])

    (sentence,) = strays(folder, ["en", "tr", "fr"])

    assert "tr.tsv: 1 of 2 lines are left out" in sentence
    assert "'003.PNG'" in sentence


def test_parts_put_together_and_chosen_again_keep_their_captions() -> None:
    first = Photos((Path("a"), Path("b")), {"en": [Caption(1, "b")]})
    second = Photos((Path("c"),), {"en": [Caption(0, "c")], "tr": [Caption(0, "C")]})

    both = together([first, second])

    assert both.captions == {"en": [Caption(1, "b"), Caption(2, "c")], "tr": [Caption(2, "C")]}
    assert chosen(both, [1]) == Photos((Path("b"),), {"en": [Caption(0, "b")]})
    assert chosen(both, [2]) == second
