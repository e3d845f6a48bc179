from __future__ import annotations

import pytest

from model.language import TOLD_APART, detect


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a dog jumps into the water", "en"),
        ("Ein Hund springt ins Wasser", "de"),
        ("Fahrrad", "de"),
        ("un chien saute dans l'eau", "fr"),
        ("pes skáče do vody", "cs"),
        ("一只狗跳进水里", "zh"),
        ("犬が水に飛び込む", "ja"),
        ("كلب يقفز في الماء", "ar"),
        ("bir köpek suya atlıyor", "tr"),
    ],
)
def test_language_of_a_query(text: str, code: str) -> None:
    assert detect(text).code == code


def test_confidence_is_a_probability_and_lower_for_a_word_of_many_languages() -> None:
    sentence, word = detect("a dog jumps into the water"), detect("taxi")

    assert 0 < word.confidence < sentence.confidence <= 1


@pytest.mark.parametrize("text", ["", "12345", "🐕", "ግመል"])
def test_there_is_always_an_answer(text: str) -> None:
    assert detect(text).code in TOLD_APART
