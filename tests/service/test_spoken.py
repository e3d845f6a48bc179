import pytest

from service.spoken import accepted
from tests.service.serving import Service


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        ("", []),
        ("de", ["de"]),
        ("de-AT, en;q=0.5", ["de", "en"]),
        ("en;q=0.5,DE ; q=0.8", ["de", "en"]),
        ("de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", ["de", "en"]),
        ("fr, en, de", ["fr", "en", "de"]),
        ("de;q=0, en;q=0.1", ["en"]),
        ("*", []),
        ("de;q=2, ;;, en;q=abc, zh-Hant-TW", ["zh"]),
    ],
)
def test_the_languages_that_are_accepted_come_in_the_order_of_their_weight(
    header: str, languages: list[str]
) -> None:
    assert accepted(header) == languages


@pytest.mark.parametrize(
    ("header", "language", "title"),
    [
        ("", "en", "No such collection"),
        ("fr", "en", "No such collection"),
        ("en, de", "en", "No such collection"),
        ("de-CH, en;q=0.9", "de", "Keine solche Sammlung"),
        ("fr, de;q=0.2", "de", "Keine solche Sammlung"),
    ],
)
def test_a_problem_is_told_in_a_language_that_is_accepted(
    service: Service, header: str, language: str, title: str
) -> None:
    answer = service.client.get("/v1/collections/none", headers={"Accept-Language": header})
    assert answer.json()["title"] == title
    assert answer.headers["content-language"] == language
    assert answer.headers["vary"] == "Accept-Language"
