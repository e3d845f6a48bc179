import pytest

from service.queries import (
    BadLanguage,
    OutOfRange,
    QueryEmpty,
    QueryTooLong,
    clean_query,
    language_code,
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  ein  Hund ", "ein Hund"),
        ("gru\u0308n", "grün"),
        ("a\0dog\x07\n\tin\u0085water", "a dog in water"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("ノート 📷", "ノート 📷"),
    ],
)
def test_queries_are_composed_and_free_of_control_characters(text: str, cleaned: str) -> None:
    assert clean_query(text, 100) == cleaned


@pytest.mark.parametrize("text", ["", " \t ", "\0\0", "\u3000"])
def test_a_query_without_a_visible_character_is_empty(text: str) -> None:
    with pytest.raises(QueryEmpty):
        clean_query(text, 100)


def test_a_query_may_be_as_long_as_the_limit_and_no_longer() -> None:
    assert clean_query("a" * 1000, 1000) == "a" * 1000
    with pytest.raises(QueryTooLong, match="10,000 characters; the limit is 1,000"):
        clean_query("a" * 10_000, 1000)


@pytest.mark.parametrize(
    ("tag", "code"), [("de", "de"), ("DE", "de"), ("en-GB", "en"), ("zh-Hant-TW", "zh"), ("pt_BR", "pt")]
)
def test_a_language_tag_is_reduced_to_its_code(tag: str, code: str) -> None:
    assert language_code(tag) == code


@pytest.mark.parametrize("tag", ["", "d", "german", "de-", "d€", "../..", "de\n"])
def test_what_is_no_language_tag_is_refused(tag: str) -> None:
    with pytest.raises(BadLanguage):
        language_code(tag)


def test_out_of_range_names_the_bound_that_was_passed() -> None:
    assert OutOfRange("k", 0, 1, 1000).limit == 1
    assert OutOfRange("k", 10**9, 1, 1000).limit == 1000
