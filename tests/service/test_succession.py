"""A new model comes: the old one serves until the new one knows all images, and no search mixes the two."""

import io
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL.Image import Image

from index.changes import ImageChange
from index.records import NewCaption
from index.spaces import served_before
from index.vectors import Rows
from service.__main__ import compose
from service.backlog import BATCH
from service.commands.errors import CheckpointUnusable
from service.library import Library
from service.settings import Settings
from service.succession import checkpoint_of
from service.uploads import Upload
from tests.fakes import ColourEncoder
from tests.service.pictures import BLUE, GREEN, RED, plain

PHOTOS = {"red": RED, "green": GREEN, "blue": BLUE}


class TurnedEncoder(ColourEncoder):
    """Has red where the other has blue, and the other way round: who compares the two finds the wrong one."""

    def embed_images(self, images: Sequence[Image]) -> Rows:
        rows: Rows = super().embed_images(images)[:, ::-1].copy()
        return rows

    def embed_texts(self, texts: Sequence[str], languages: Sequence[str]) -> Rows:
        rows: Rows = super().embed_texts(texts, languages)[:, ::-1].copy()
        return rows


class Shelf:
    """Where models are loaded from; remembers which were."""

    def __init__(self) -> None:
        self.models: dict[str | None, Callable[[], ColourEncoder]] = {
            "old": lambda: ColourEncoder("colours-1"),
            "new": lambda: TurnedEncoder("colours-2"),
        }
        self.loaded: list[str | None] = []

    def load(self, settings: Settings) -> ColourEncoder:
        self.loaded.append(settings.checkpoint)
        if settings.checkpoint not in self.models:
            raise CheckpointUnusable(f"{settings.checkpoint}: no such folder.")
        return self.models[settings.checkpoint]()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def open_with(tmp_path: Path, shelf: Shelf) -> Callable[..., Library]:
    """The library of the store, with the model that is named."""

    def open(checkpoint: str, **options: float) -> Library:
        settings = Settings(
            store=tmp_path / "store",
            checkpoint=checkpoint,
            decode_workers=1,
            **{"reembed_share": 1, **options},  # type: ignore[arg-type]
        )
        return compose(settings, shelf.load)

    return open


Open = Callable[..., Library]


def upload(name: str, data: bytes) -> Upload:
    return Upload(f"{name}.png", lambda: io.BytesIO(data), {})


def fill(library: Library) -> None:
    library.add("default", [upload(name, plain(colour)) for name, colour in PHOTOS.items()])


def shades(number: int) -> list[Upload]:
    return [upload(f"shade-{n}", plain((0, 100 + n, 0), (3, 3))) for n in range(number)]


def first(library: Library, q: str) -> tuple[str, str]:
    """The best photo, and the model that found it."""
    answer = library.search_text("default", q, language="en")  # which need not load what detects it
    return answer.hits[0].record.filename, answer.model


def test_the_old_model_serves_until_the_new_one_knows_all_images(
    open_with: Open, shelf: Shelf, tmp_path: Path
) -> None:
    with open_with("old") as library:
        fill(library)
        assert library.reembed(threading.Event()) == 0
    with open_with("new") as library:
        assert library.awaited() == ("colours-2", 3)
        assert first(library, "red") == ("red.png", "colours-1")
        assert not library.search_text("default", "red", language="en").partial
        library.add("default", [upload("yellow", plain((255, 255, 0)))])
        assert first(library, "gelb") == ("yellow.png", "colours-1")

        assert library.reembed(threading.Event()) == 4
        assert library.awaited() == ("colours-2", 0)
        assert (library.encoder.version, library.gallery.collection("default").searchable) == ("colours-2", 4)
        for name in (*PHOTOS, "yellow"):
            assert first(library, name) == (f"{name}.png", "colours-2")
        assert not library.search_text("default", "red", language="en").partial
        library.add("default", [upload("grey", plain((128, 128, 128)))])
        assert first(library, "grau") == ("grey.png", "colours-2")
    shelf.loaded.clear()
    with open_with("new") as library:
        assert first(library, "red") == ("red.png", "colours-2")
        assert library.awaited() == ("colours-2", 0)
    assert shelf.loaded == ["new"]
    before = served_before(tmp_path / "store", "colours-2")
    assert before is not None
    assert (before.model_version, before.checkpoint) == ("colours-2", "new")


def test_re_embedding_that_was_stopped_goes_on_and_the_old_model_serves_till_then(open_with: Open) -> None:
    with open_with("old") as library:
        fill(library)
        library.add("default", shades(BATCH))

    class StopAfterOne(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 -- as it is called
            self.set()
            return True

    for awaited in (BATCH + 3, 3):
        with open_with("new") as library:
            assert library.awaited() == ("colours-2", awaited)
            assert first(library, "blue") == ("blue.png", "colours-1")
            assert library.reembed(StopAfterOne()) == min(awaited, BATCH)
            assert library.encoder.version == "colours-1"
    with open_with("new") as library:
        assert first(library, "blue") == ("blue.png", "colours-2")


def test_captions_are_embedded_anew_as_well(open_with: Open, caplog: pytest.LogCaptureFixture) -> None:
    with open_with("old") as library:
        fill(library)
        texts = [("en", "blue"), ("ja", "青")]  # which the model cannot read
        grey = library.encoder.embed_texts(["grey"], ["en"])[0]
        change = ImageChange(captions=[NewCaption(*text, grey) for text in texts])
        library.gallery.update("default", 1, change)
    with open_with("new") as library:
        assert library.awaited() == ("colours-2", 5)
        assert library.reembed(threading.Event()) == 4
        assert library.awaited() == ("colours-2", 0)
        assert not library.search_text("default", "blue", language="en").partial
        assert "caption 2 stays without a vector of model colours-2" in caplog.text
        (blue,) = library.encoder.embed_texts(["blue"], ["en"])
        (caption,) = library.gallery.best_captions("default", blue, model_version="colours-2")
        assert (caption.record.text, round(caption.symmetric, 5)) == ("blue", 1)


def gone(shelf: Shelf) -> None:
    del shelf.models["old"]


def trained_over(shelf: Shelf) -> None:
    shelf.models["old"] = lambda: ColourEncoder("colours-9")


@pytest.mark.parametrize(
    ("lose", "told"), [(gone, "old: no such folder."), (trained_over, "There is model colours-9 now.")]
)
def test_without_the_old_model_the_new_one_finds_what_it_knows_and_says_so(
    open_with: Open,
    shelf: Shelf,
    lose: Callable[[Shelf], None],
    told: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with open_with("old") as library:
        fill(library)
    lose(shelf)
    with open_with("new") as library:
        (warning,) = caplog.messages
        assert told in warning
        assert "Until 3 images and captions are embedded anew" in warning
        library.add("default", [upload("yellow", plain((255, 255, 0)))])
        answer = library.search_text("default", "red", language="en")
        assert ([hit.record.filename for hit in answer.hits], answer.partial) == (["yellow.png"], True)
        assert library.awaited() == ("colours-2", 3)
        assert library.reembed(threading.Event()) == 3
        assert first(library, "red") == ("red.png", "colours-2")
        assert not library.search_text("default", "red", language="en").partial


def test_a_store_that_the_new_model_knows_already_is_its_own_at_once(open_with: Open, shelf: Shelf) -> None:
    with open_with("old") as library:
        fill(library)
    with open_with("new") as library:
        library.reembed(threading.Event())
    shelf.loaded.clear()
    with open_with("old") as library:  # back again: all its vectors are still there
        assert first(library, "red") == ("red.png", "colours-1")
    assert shelf.loaded == ["old"]


def test_whoever_searches_or_adds_during_the_switch_sees_one_model(open_with: Open) -> None:
    with open_with("old") as library:
        fill(library)
        library.add("default", shades(2 * BATCH))
    with open_with("new") as library, ThreadPoolExecutor(4) as threads:
        stop = threading.Event()

        def search() -> set[str]:
            models = set()
            while not stop.is_set():
                for name in ("red", "blue"):
                    found, model = first(library, name)
                    assert found == f"{name}.png"
                    models.add(model)
                like = library.search_like("default", 1)
                models.add(like.model)
            return models

        def add() -> int:
            number = 0
            while not stop.is_set():
                (outcome,) = library.add(
                    "default", [upload("new", plain((0, 0, 50 + number % 90), (2, 2 + number)))]
                )
                assert outcome.status == "created"
                number += 1
            return number

        searching, adding = [threads.submit(search) for _ in range(2)], threads.submit(add)
        try:
            library.reembed(threading.Event())
            time.sleep(0.2)
        finally:
            stop.set()
        assert [one.result() for one in searching] == [{"colours-1", "colours-2"}] * 2
        assert adding.result() > 0
        assert library.reembed(threading.Event()) == 0
        collection = library.gallery.collection("default")
        assert collection.images == collection.searchable == 3 + 2 * BATCH + adding.result()


def test_re_embedding_leaves_the_share_of_the_time_that_it_is_told(open_with: Open, shelf: Shelf) -> None:
    class Slow(ColourEncoder):
        def embed_images(self, images: Sequence[Image]) -> Rows:
            time.sleep(0.05)
            return super().embed_images(images)

    class Waits(threading.Event):
        def __init__(self) -> None:
            super().__init__()
            self.waits: list[float] = []

        def wait(self, timeout: float | None = None) -> bool:
            self.waits.append(timeout or 0)
            return False

    shelf.models["new"] = lambda: Slow("colours-2")
    with open_with("old") as library:
        fill(library)
    with open_with("new", reembed_share=0.2) as library:
        stop = Waits()
        library.reembed(stop)
    (wait,) = stop.waits
    assert wait >= 4 * 0.05


def test_a_checkpoint_is_remembered_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trained").mkdir()
    assert checkpoint_of(Settings(checkpoint="trained")) == str(tmp_path / "trained")
    assert checkpoint_of(Settings(checkpoint="hub:owner/name")) == "hub:owner/name"
    assert checkpoint_of(Settings()) is None
