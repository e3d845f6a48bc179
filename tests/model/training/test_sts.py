from __future__ import annotations

from pathlib import Path

import pytest

from model.encoder import Encoder
from model.training.data import DataError
from model.training.sts import correlation, pearson, read_pairs

TABLE = """score\tsentence1\tsentence2
5.0\ta dog is running\tthe dog runs
4.0\ta man plays the guitar\tsomebody is playing music
1.0\ta woman cooks\ta cat sleeps on a sofa
0.0\ta dog is running\ttwo planes in the sky
"""


def test_pearson_by_hand() -> None:
    assert pearson([1, 2, 3], [1, 3, 2]) == pytest.approx(50)
    assert pearson([1, 2, 3], [-2, -4, -6]) == pytest.approx(-100)


def test_the_text_tower_agrees_with_people(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text(TABLE)

    pairs = read_pairs(tmp_path / "pairs.tsv")

    assert pairs.scores == (5.0, 4.0, 1.0, 0.0)
    assert pairs.second[0] == "the dog runs"
    assert correlation(Encoder.load(), pairs) > 80


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("score\tsentence1\n5\ta\n", "no column 'sentence2'"),
        ("score\tsentence1\tsentence2\nfive\ta\tb\n1\ta\tb\n", "no number"),
        ("score\tsentence1\tsentence2\n1\ta\tb\n", "fewer than two pairs"),
    ],
)
def test_tables_that_are_none_are_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "pairs.tsv").write_text(content)

    with pytest.raises(DataError, match=message):
        read_pairs(tmp_path / "pairs.tsv")
