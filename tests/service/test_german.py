"""German for every problem: that there is some, that it fits the error, and that it reaches the client."""

import re
from inspect import isfunction
from typing import Any, Final

import pytest

from index.errors import BadFilter, UnknownImage
from index.gallery import Gallery
from service.bad_requests import BadMetadata, NotJson
from service.batcher import Overloaded
from service.decoder import DecodeTimeout
from service.fetch import FetchFailed
from service.german import GERMAN, german_of
from service.images import ImageTooLarge
from service.problems import KINDS, problem_of_ours
from service.spoken import speaking
from tests.service.serving import Service

GERMAN_PLEASE: Final = {"Accept-Language": "de"}
SEARCH: Final = "/v1/collections/default/search"


def with_their_own_texts(kind: type[Exception]) -> set[type[Exception]]:
    """The subclasses that say something else than `kind` does."""
    below = {found for sub in kind.__subclasses__() for found in {sub} | with_their_own_texts(sub)}
    return {sub for sub in below if {"__str__", "__init__"} & set(vars(sub))}


def test_every_row_has_its_german_and_so_has_everything_with_a_text_of_its_own() -> None:
    """Add what is missing to `service/german.py`."""
    texts = set(KINDS).union(*map(with_their_own_texts, KINDS))
    ours = {kind for kind in texts if kind.__module__.partition(".")[0] in ("service", "index")}
    assert {kind.__name__ for kind in ours - set(GERMAN)} == set()


def test_kinds_that_share_a_name_share_their_german_title() -> None:
    titles = {(kind.name, GERMAN[error].title) for error, kind in KINDS.items()}
    assert len(titles) == len({kind.name for kind in KINDS.values()})


def test_texts_end_with_a_remedy_of_one_sentence() -> None:
    for kind, row in GERMAN.items():
        if kind.__name__ != "BadValue":  # whose reason holds it
            assert re.fullmatch(r".+\. .+\.", row.text, re.DOTALL), kind


@pytest.mark.parametrize(
    ("error", "detail", "remedy"),
    [
        (
            ImageTooLarge(100_000_000, 64_000_000),
            "Das Bild hat 100.000.000 Pixel; die Grenze ist 64.000.000.",
            "Eine kleinere Kopie schicken.",
        ),
        (
            UnknownImage("urlaub", 12345),
            "In der Sammlung „urlaub“ gibt es kein Bild 12345.",
            "Es kann gelöscht worden sein: die Bilder auflisten.",
        ),
        (
            DecodeTimeout(0.5),
            "Das Bild zu lesen dauerte länger als die Grenze von 0,5 Sekunden.",
            "Eine kleinere Kopie oder ein JPEG schicken.",
        ),
        (Overloaded(256), "256 warten schon, mehr dürfen es nicht sein.", "In 1 s noch einmal versuchen."),
        (
            BadFilter("filter.and", "is not a list of filters", "Give at least one"),
            "`filter.and` ist keine Liste von Filtern.",
            "Mindestens einen angeben.",
        ),
        (
            BadMetadata("an object has 70,000 bytes, and the limit is 65,536"),
            "Die Metadaten sind unbrauchbar: ein Objekt hat 70.000 Byte, und die Grenze ist 65.536.",
            "Ein JSON-Objekt für alle Dateien schicken oder eine Liste mit einem Objekt für jede.",
        ),
        (
            NotJson("without a content type", "application/json"),
            "Die Anfrage ist ohne Angabe ihrer Art (Content-Type).",
            "Sie als application/json schicken.",
        ),
        (
            FetchFailed("the server answered 404"),
            "Die URL lieferte keine Datei: der Server antwortete 404.",
            "Sie in einem Browser prüfen oder die Datei hochladen.",
        ),
    ],
)
def test_an_error_is_told_in_german_with_its_own_data(error: Exception, detail: str, remedy: str) -> None:
    with speaking("de"):
        problem = problem_of_ours(error)
    assert (problem.detail, problem.remedy) == (detail, remedy)


def test_what_a_template_asks_for_every_error_has() -> None:
    """A name that the error lacks fails here, not at a client."""
    for kind, row in GERMAN.items():
        makers = [vars(base)["__init__"] for base in kind.__mro__ if "__init__" in vars(base)]
        names = {name for maker in makers if isfunction(maker) for name in maker.__code__.co_names}
        assert set(re.findall(r"\{(\w+)", row.text)) <= names, kind


def test_an_error_without_a_row_has_no_german() -> None:
    assert german_of(ValueError("a bug")) is None


@pytest.mark.parametrize(
    ("method", "path", "options", "title", "detail"),
    [
        ("GET", "/nowhere", {}, "Nicht gefunden", "Unter /nowhere gibt es nichts."),
        ("PUT", "/livez", {}, "Methode nicht erlaubt", "/livez nimmt PUT nicht an."),
        (
            "POST",
            SEARCH,
            {"json": {"q": "rot", "kk": 1}},
            "Ungültige Anfrage",
            "kk: Dieses Feld gibt es hier nicht.",
        ),
        (
            "POST",
            SEARCH,
            {"json": {"q": "rot", "k": 0}},
            "Außerhalb der Grenzen",
            "k ist 0; die Grenzen sind 1",
        ),
        ("POST", SEARCH, {"headers": {"Host": "evil.example"}}, "Unbekannter Name", "Der Dienst heißt nicht"),
    ],
)
def test_problems_from_every_layer_reach_the_client_in_german(
    service: Service, method: str, path: str, options: dict[str, Any], title: str, detail: str
) -> None:
    headers = GERMAN_PLEASE | options.pop("headers", {})
    answer = service.client.request(method, path, headers=headers, **options)
    assert answer.json()["title"] == title
    assert answer.json()["detail"].startswith(detail)
    assert answer.headers["content-language"] == "de"


def test_a_bug_is_told_in_german_too(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Gallery, "collections", lambda _: 1 / 0)
        answer = service.client.get("/v1/collections", headers=GERMAN_PLEASE)
    assert (answer.status_code, answer.json()["title"]) == (500, "Interner Fehler")


def test_the_items_of_an_upload_tell_their_errors_in_german(service: Service) -> None:
    files = [("files", ("a.txt", b"Guten Tag")), ("files", ("b", b""))]
    answer = service.client.post("/v1/collections/default/images", files=files, headers=GERMAN_PLEASE)
    assert answer.json()["title"] == "Kein Bild angenommen"
    assert [item["error"]["title"] for item in answer.json()["items"]] == ["Kein Bild", "Leere Datei"]
