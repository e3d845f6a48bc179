from __future__ import annotations

from benchmarks.paper.vocabulary import UNKNOWN, Vocabulary, words


def test_the_worked_example_of_words() -> None:
    assert words("Ein Hund, der bellt!") == ["ein", "hund", "der", "bellt"]


def test_umlauts_and_digits_belong_to_words() -> None:
    assert words("2 Mädchen; größer") == ["2", "mädchen", "größer"]


def test_rare_words_and_words_never_seen_are_one_unknown_word() -> None:
    vocabulary = Vocabulary(["a dog", "a dog runs", "A cat"], least=2)

    assert len(vocabulary) == 3  # unknown, a, dog
    assert vocabulary.numbers("a dog runs, zebra")[2:] == [UNKNOWN, UNKNOWN]
    assert UNKNOWN not in vocabulary.numbers("a dog")
    assert len(set(vocabulary.numbers("a dog"))) == 2


def test_a_text_without_words_is_one_unknown_word() -> None:
    assert Vocabulary(["a"], least=1).numbers(" ... ") == [UNKNOWN]
