import io
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from index.errors import NotEmbedded, StoreClosed, UnknownCollection, UnknownImage
from index.vectors import Row
from service.backlog import BATCH
from service.batcher import Overloaded, Stopping
from service.images import ImageDamaged, NotAnImage
from service.library import Library
from service.queries import OutOfRange, QueryEmpty, QueryTooLong, QueryUnreadable
from service.questions import Answer, Part, QueryLanguage, Ranking
from service.settings import Settings
from service.uploads import CHUNK_FILES, Outcome, Upload
from tests.fakes import ColourEncoder
from tests.service.pictures import BLUE, GREEN, RED, Colour, encoded, noisy, plain
from tests.service.serving import Service, library_in


@pytest.fixture
def library(service: Service) -> Library:
    return service.library


def upload(data: bytes, filename: str = "a.png") -> Upload:
    return Upload(filename, lambda: io.BytesIO(data), {"source": "test"})


def shades(number: int, size: tuple[int, int] = (4, 4)) -> list[Upload]:
    """Different pictures, which are called 0.png, 1.png, ..."""
    return [upload(plain((200, shade, 0), size), f"{shade}.png") for shade in range(number)]


def filled(library: Library, collection: str) -> dict[Colour, int]:
    """The ids of a red, a green and a blue image."""
    outcomes = library.add(collection, [upload(plain(colour)) for colour in (RED, GREEN, BLUE)])
    return dict(zip((RED, GREEN, BLUE), map(id_of, outcomes), strict=True))


def id_of(outcome: Outcome) -> int:
    assert outcome.record is not None
    return outcome.record.id


def ids(answer: Answer) -> list[int]:
    return [hit.record.id for hit in answer.hits]


def test_an_added_image_has_its_record_its_file_and_its_thumbnail(library: Library, collection: str) -> None:
    data = encoded(noisy((800, 600)), "JPEG")
    (outcome,) = library.add(collection, [upload(data, "holidays/sea.jpg")])
    record = outcome.record
    assert record is not None
    assert outcome.status == "created"
    assert (record.filename, record.format, record.width, record.height) == ("sea.jpg", "jpeg", 800, 600)
    assert record.metadata == {"source": "test"}
    assert library.gallery.original(record).read_bytes() == data
    with Image.open(library.gallery.thumbnail(record)) as thumbnail:
        assert thumbnail.size == (384, 288)


def test_the_same_content_is_one_record_and_is_decoded_and_embedded_once(
    service: Service, collection: str
) -> None:
    data = plain(RED)
    before = sum(service.encoder.image_batches)
    first, second = service.library.add(collection, [upload(data), upload(data, "copy.png")])
    (third,) = service.library.add(collection, [upload(data, "again.png")])
    assert [outcome.status for outcome in (first, second, third)] == ["created", "exists", "exists"]
    assert id_of(first) == id_of(second) == id_of(third)
    assert third.record is not None
    assert third.record.filename == "a.png"
    assert sum(service.encoder.image_batches) - before == 1


def test_a_photo_whose_file_the_store_lost_is_mended_by_sending_it_again(
    library: Library, collection: str
) -> None:
    (first,) = library.add(collection, [upload(plain(BLUE))])
    assert first.record is not None
    library.gallery.original(first.record).unlink()
    (again,) = library.add(collection, [upload(plain(BLUE))])
    assert (again.status, again.record) == ("exists", first.record)
    assert library.gallery.original(first.record).read_bytes() == plain(BLUE)


def test_bad_files_are_outcomes_between_good_ones(library: Library, collection: str) -> None:
    damaged = encoded(noisy(), "JPEG")[:1000]
    outcomes = library.add(
        collection, [upload(plain(RED)), upload(b"no image"), upload(damaged), upload(plain(BLUE))]
    )
    assert [outcome.status for outcome in outcomes] == ["created", "failed", "failed", "created"]
    assert isinstance(outcomes[1].error, NotAnImage)
    assert isinstance(outcomes[2].error, ImageDamaged)
    assert library.gallery.collection(collection).images == 2


def test_more_images_than_a_chunk_keep_their_order(library: Library, collection: str) -> None:
    outcomes = library.add(collection, shades(2 * CHUNK_FILES + 3))
    assert [outcome.filename for outcome in outcomes] == [f"{n}.png" for n in range(2 * CHUNK_FILES + 3)]
    assert [outcome.record and outcome.record.filename for outcome in outcomes] == [
        outcome.filename for outcome in outcomes
    ]
    assert library.gallery.collection(collection).searchable == len(outcomes)


def test_no_more_than_two_chunks_are_held_at_a_time(service: Service, collection: str) -> None:
    """The third chunk is not read before the first is stored."""
    stored: list[int] = []

    def watched() -> Iterator[Upload]:
        for number, one in enumerate(shades(3 * CHUNK_FILES, size=(5, 5))):
            if number % CHUNK_FILES == 0:
                stored.append(service.library.gallery.collection(collection).images)
            yield one

    service.library.add(collection, watched())
    assert stored == [0, 0, CHUNK_FILES]


def test_images_are_embedded_in_batches(service: Service, collection: str) -> None:
    service.encoder.open.clear()
    service.encoder.started.clear()
    batches = len(service.encoder.image_batches)
    adding = threading.Thread(target=service.library.add, args=(collection, shades(CHUNK_FILES, size=(6, 6))))
    adding.start()
    assert service.encoder.started.wait(timeout=30)
    service.encoder.open.set()
    adding.join()
    assert sum(service.encoder.image_batches[batches:]) == CHUNK_FILES


def test_nothing_can_be_added_to_an_unknown_collection(library: Library) -> None:
    def unread() -> Iterator[Upload]:
        raise AssertionError("the files must not be touched")
        yield

    with pytest.raises(UnknownCollection):
        library.add("nowhere", unread())


@pytest.mark.parametrize(("q", "colour", "language"), [("ein rot", RED, "de"), ("blue", BLUE, "en")])
def test_words_find_the_image_that_shows_it(
    library: Library, collection: str, q: str, colour: Colour, language: str
) -> None:
    known = filled(library, collection)
    answer = library.search_text(collection, q)
    assert ids(answer)[0] == known[colour]
    assert len(answer.hits) == 3
    assert answer.asked[0].language == QueryLanguage(language, 0.9, "detected")
    assert (answer.model, answer.scoring, answer.exact, answer.candidates) == (
        "colours-1",
        "asymmetric",
        False,
        3,
    )
    assert set(answer.timings_ms) == {"language", "embed", "candidates", "rerank", "records", "total"}


class BlueForRed(ColourEncoder):
    """Turns red and blue about in what asks."""

    def as_query(self, row: Row) -> Row:
        return row[::-1].copy()


def test_texts_ask_as_queries_while_images_and_embeddings_are_as_they_are(tmp_path: Path) -> None:
    with library_in(tmp_path, BlueForRed(), Settings(decode_workers=1)) as library:
        known = filled(library, "default")
        for _ in range(2):  # the second time, the text is remembered
            assert ids(library.search_text("default", "rot"))[0] == known[BLUE]
        assert ids(library.search_image("default", upload(plain(RED, (9, 9)))))[0] == known[RED]
        row = library.embed([Part(q="rot")])[1][0]
        assert row[0] > row[2]


def test_a_given_language_is_taken_at_its_word(library: Library, collection: str) -> None:
    answer = library.search_text(collection, "rot", language="en-GB")
    assert answer.asked[0].language == QueryLanguage("en", None, "given")


def test_an_image_from_outside_finds_its_like_and_is_not_kept(library: Library, collection: str) -> None:
    known = filled(library, collection)
    answer = library.search_image(collection, upload(plain((250, 10, 0), (9, 9))))
    assert ids(answer)[0] == known[RED]
    assert answer.scoring == "symmetric"
    assert answer.asked[0].language is None
    assert "decode" in answer.timings_ms
    assert library.gallery.collection(collection).images == 3


def test_an_image_of_the_collection_finds_its_like_without_itself(library: Library, collection: str) -> None:
    known = filled(library, collection)
    orange = id_of(library.add(collection, [upload(plain((255, 60, 0)))])[0])
    answer = library.search_like(collection, known[RED])
    assert ids(answer)[0] == orange
    assert known[RED] not in ids(answer)


@pytest.mark.parametrize("id", [0, -1, 10**9, 2**63, 10**30])
def test_an_unknown_image_has_no_like(library: Library, collection: str, id: int) -> None:
    with pytest.raises(UnknownImage):
        library.search_like(collection, id)


def test_ranking_is_as_asked_for(library: Library, collection: str) -> None:
    filled(library, collection)
    ranking = Ranking(k=2, scoring="symmetric", candidates=2, exact=True)
    answer = library.search_text(collection, "blue", ranking=ranking)
    assert (len(answer.hits), answer.scoring, answer.exact, answer.candidates) == (2, "symmetric", True, 3)


@pytest.mark.parametrize(
    ("ranking", "field", "limit"),
    [
        (Ranking(k=0), "k", 1),
        (Ranking(k=10**9), "k", 1000),
        (Ranking(candidates=0), "candidates", 1),
        (Ranking(candidates=10**9), "candidates", 10_000),
    ],
)
def test_what_is_out_of_range_is_refused_before_any_work(
    library: Library, collection: str, ranking: Ranking, field: str, limit: int
) -> None:
    with pytest.raises(OutOfRange) as raised:
        library.search_text(collection, "", ranking=ranking)
    assert (raised.value.field, raised.value.limit) == (field, limit)


def test_queries_that_cannot_be_asked_are_refused(library: Library, collection: str) -> None:
    with pytest.raises(QueryEmpty):
        library.search_text(collection, " \0 ")
    with pytest.raises(QueryTooLong):
        library.search_text(collection, "a" * 10_000)
    with pytest.raises(QueryUnreadable):
        library.search_text(collection, "ᚠᚢᚦᚨᚱᚲ")
    with pytest.raises(NotAnImage):
        library.search_image(collection, upload(b"no image"))


def test_an_unknown_collection_cannot_be_searched(library: Library) -> None:
    with pytest.raises(UnknownCollection):
        library.search_text("nowhere", "red")


def test_the_default_collection_stays_while_it_is_emptied(tmp_path: Path) -> None:
    with library_in(tmp_path, ColourEncoder(), Settings(decode_workers=1)) as library:
        filled(library, "default")
        before = library.gallery.collection("default")
        library.delete_collection("default")
        assert library.gallery.collection("default") == replace(before, images=0, searchable=0, bytes=0)
        library.gallery.create_collection("other")
        library.delete_collection("other")
        with pytest.raises(UnknownCollection):
            library.gallery.collection("other")


def test_everything_is_found_again_after_a_restart(tmp_path: Path) -> None:
    settings = Settings(decode_workers=1)
    with library_in(tmp_path, ColourEncoder(), settings) as library:
        known = filled(library, "default")
    with library_in(tmp_path, ColourEncoder(), settings) as library:
        assert ids(library.search_text("default", "rot"))[0] == known[RED]


def test_a_closed_library_accepts_nothing_and_closes_twice(tmp_path: Path) -> None:
    library = library_in(tmp_path, ColourEncoder(), Settings())
    library.close()
    library.close()
    with pytest.raises(Stopping):
        library.search_text("default", "red")
    with pytest.raises(StoreClosed):
        library.add("default", [upload(plain(RED))])


def test_closing_finishes_what_was_accepted(tmp_path: Path) -> None:
    encoder = ColourEncoder()
    library = library_in(tmp_path, encoder, Settings())
    encoder.open.clear()
    with ThreadPoolExecutor() as threads:
        asked = threads.submit(library.search_text, "default", "red")
        assert encoder.started.wait(timeout=30)
        closed = threads.submit(library.close)
        encoder.open.set()
        closed.result()
        assert isinstance(asked.exception(), StoreClosed | None)  # the store may close before it was asked
    assert encoder.text_batches == [1]


def test_a_full_queue_turns_searches_away_and_recovers(tmp_path: Path) -> None:
    encoder = ColourEncoder()
    with library_in(tmp_path, encoder, Settings(queue=1)) as library, ThreadPoolExecutor() as threads:
        encoder.open.clear()
        embedding = threads.submit(library.search_text, "default", "red")
        assert encoder.started.wait(timeout=30)
        asked = [threads.submit(library.search_text, "default", q) for q in ("green", "blue")]
        done, waiting = wait(asked, timeout=30, return_when=FIRST_COMPLETED)
        assert isinstance(done.pop().exception(), Overloaded)
        encoder.open.set()
        assert all(answer.result().hits == [] for answer in (embedding, *waiting))
        assert library.search_text("default", "red").hits == []


def test_images_of_another_model_are_embedded_anew(tmp_path: Path) -> None:
    settings = Settings(decode_workers=1)
    with library_in(tmp_path, ColourEncoder("colours-1"), settings) as library:
        known = filled(library, "default")
    encoder = ColourEncoder("colours-2")
    with library_in(tmp_path, encoder, settings) as library:
        assert library.search_text("default", "red").hits == []
        with pytest.raises(NotEmbedded):
            library.search_like("default", known[RED])
        assert library.reembed(threading.Event()) == 3
        assert library.gallery.collection("default").searchable == 3
        answer = library.search_text("default", "red")
        assert (ids(answer)[0], answer.model) == (known[RED], "colours-2")
        assert library.reembed(threading.Event()) == 0


def test_re_embedding_stops_after_the_batch_and_goes_on_the_next_time(tmp_path: Path) -> None:
    settings = Settings(decode_workers=1)
    with library_in(tmp_path, ColourEncoder("colours-1"), settings) as library:
        library.add("default", shades(BATCH + 1))
    encoder = ColourEncoder("colours-2")
    with library_in(tmp_path, encoder, settings) as library, ThreadPoolExecutor() as threads:
        stop = threading.Event()
        encoder.open.clear()
        done = threads.submit(library.reembed, stop)
        assert encoder.started.wait(timeout=30)
        stop.set()
        encoder.open.set()
        assert done.result() == BATCH
        assert library.reembed(threading.Event()) == 1


def test_re_embedding_passes_over_originals_that_are_lost_or_damaged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(decode_workers=1)
    with library_in(tmp_path, ColourEncoder("colours-1"), settings) as library:
        known = filled(library, "default")
        lost = library.gallery.image("default", known[RED])
        damaged = library.gallery.image("default", known[GREEN])
        library.gallery.original(lost).unlink()
        library.gallery.original(damaged).write_bytes(b"damaged")
    with library_in(tmp_path, ColourEncoder("colours-2"), settings) as library:
        assert library.reembed(threading.Event()) == 1
        assert ids(library.search_text("default", "red")) == [known[BLUE]]
    passed_over = [record.getMessage() for record in caplog.records]
    assert [message.split()[1] for message in passed_over] == [str(known[RED]), str(known[GREEN])]


def test_vectors_are_what_the_encoder_made_of_the_decoded_image(library: Library, collection: str) -> None:
    known = filled(library, collection)
    expected = ColourEncoder().embed_images([Image.new("RGB", (1, 1), RED)])[0]
    np.testing.assert_allclose(library.gallery.vector(collection, known[RED]), expected)
