from __future__ import annotations

import pytest
import torch

from model.text import END, MAX_SUBWORDS, Tokenizer, padded


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer()


@pytest.mark.parametrize(
    "text", ["dog", "Hund", "犬", "собака", "كلب", "หมา", "개", "ｄｏｇ", "いぬ", "d", "3", "Ein ግመል"]
)
def test_known_scripts_are_read(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.reads(text)


@pytest.mark.parametrize(
    "text",
    [
        "ግመል",
        "ᏣᎳᎩ",
        "Σκύλος στο νερό",
        "שלום כלב",
        "कुत्ता",
        "ძაღლი",
        "🐕",
        "𪚥龘",
        "!!!",
        "",
        "   ",
        "\U000e0001",
    ],
)
def test_unknown_scripts_are_not_read(tokenizer: Tokenizer, text: str) -> None:
    assert not tokenizer.reads(text)


def test_unknown_letters_in_a_row_are_one_and_lone_surrogates_break_nothing(tokenizer: Tokenizer) -> None:
    assert tokenizer.subwords("dog ግመል") == tokenizer.subwords("dog ግ")
    assert tokenizer.subwords("dog\udcff") == tokenizer.subwords("dog?")


def test_long_texts_are_cut_but_still_end(tokenizer: Tokenizer) -> None:
    subwords = tokenizer.subwords("a dog and " * 500)

    assert len(subwords) == MAX_SUBWORDS
    assert subwords[-1] == END


def test_padding_by_hand() -> None:
    ids, mask = padded([[1, 7, 2], [1, 2]])

    assert ids.tolist() == [[1, 7, 2], [1, 2, 0]]
    assert torch.equal(mask, torch.tensor([[True, True, True], [True, True, False]]))
