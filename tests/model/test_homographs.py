"""Words that mean something else in another language: the detection tells sentences apart, and where it
cannot, for a word alone, no result depends on it."""

from __future__ import annotations

import numpy as np
import pytest

from model.encoder import Encoder
from model.language import READ, TOLD_APART, detect

HOMOGRAPHS = [
    ("Angeln", "Zwei Männer beim Angeln am Fluss", "A map of the land of the Angeln people"),
    ("Gift", "Die Flasche mit dem Gift steht im Schrank", "A child opens a gift under the tree"),
    ("Rad", "Ein Mann fährt mit dem Rad durch die Stadt", "A rad skater jumps over the stairs"),
    ("Kind", "Ein Kind spielt im Sand", "A kind woman helps an old man"),
    ("Handy", "Eine Frau spricht in ihr Handy", "A handy tool lies on the table"),
    ("bald", "Die Sonne geht bald unter", "A bald man is sitting on the bench"),
    ("Hut", "Ein Mann mit einem Hut steht am Zaun", "A small hut stands in the woods"),
    ("Boot", "Das Boot liegt im Hafen", "A brown leather boot stands on the floor"),
    ("See", "Ein Hund schwimmt im See", "People see the ocean from the hill"),
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load()


@pytest.mark.parametrize(("word", "german", "english"), HOMOGRAPHS)
def test_a_homograph_in_a_sentence_is_told_by_the_others(word: str, german: str, english: str) -> None:
    assert word in german
    assert word.lower() in english.lower()
    assert detect(german).code == "de"
    assert detect(english).code == "en"


@pytest.mark.parametrize("word", [word for word, _, _ in HOMOGRAPHS])
def test_a_homograph_alone_is_a_guess_and_says_so(word: str) -> None:
    assert detect(word).confidence < 0.7 < detect(f"Ein Hund und ein {word} im Wasser").confidence


@pytest.mark.parametrize("texts", HOMOGRAPHS)
def test_a_wrong_guess_changes_no_vector(encoder: Encoder, texts: tuple[str, str, str]) -> None:
    expected = encoder.embed_texts(texts, ["de"] * 3)
    for code in {*READ, *TOLD_APART}:
        np.testing.assert_array_equal(encoder.embed_texts(texts, [code] * 3), expected)
