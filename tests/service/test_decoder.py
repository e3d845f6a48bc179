import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from service.batcher import Stopping
from service.decoder import DecodeCrashed, Decoder, DecodeTimeout
from service.images import ImageDamaged, ImageTooLarge, NotAnImage
from service.problems import problem_for
from service.settings import Settings
from tests.service.hostile import obey
from tests.service.pictures import BLUE, RED, encoded, plain, png_header

FAST: Final[dict[str, dict[str, int]]] = {"WEBP": {"quality": 0, "method": 0}, "PNG": {"compress_level": 1}}


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with closing(Decoder(Settings(decode_workers=1, decode_seconds=20), obey)) as decoder:
        yield decoder


def works(decoder: Decoder) -> bool:
    return decoder.decode(plain(RED, (7, 5))).result().size == (7, 5)


def told(decoder: Decoder, question: bytes) -> str:
    with pytest.raises(ImageDamaged) as raised:
        decoder.decode(question).result()
    return raised.value.format


def test_many_images_are_decoded_side_by_side() -> None:
    with closing(Decoder(Settings(decode_workers=2))) as decoder:
        results = [decoder.decode(plain(BLUE, (width, 3))) for width in range(1, 20)]
        assert [result.result().width for result in results] == list(range(1, 20))


def test_errors_cross_the_process_with_what_they_carry(decoder: Decoder) -> None:
    with pytest.raises(NotAnImage):
        decoder.decode(b"Guten Tag").result()
    with pytest.raises(ImageTooLarge) as raised:
        decoder.decode(png_header(10_000, 10_000)).result()
    assert (raised.value.pixels, raised.value.limit) == (100_000_000, 64_000_000)


def test_an_image_that_kills_its_worker_costs_no_other(decoder: Decoder) -> None:
    futures = [decoder.decode(data) for data in (plain(RED), b"crash", plain(BLUE), b"crash")]
    assert futures[0].result().image().getpixel((0, 0)) == RED
    assert isinstance(futures[1].exception(), DecodeCrashed)
    assert futures[2].result().image().getpixel((0, 0)) == BLUE
    assert isinstance(futures[3].exception(), DecodeCrashed)
    assert works(decoder)


def test_an_image_whose_worker_is_killed_once_is_decoded_by_another(decoder: Decoder, tmp_path: Path) -> None:
    mark = tmp_path / "been here"
    assert decoder.decode(b"crash once: " + bytes(mark)).result().size == (7, 5)
    assert mark.exists()


def test_a_worker_that_cannot_be_started_is_not_the_fault_of_the_image(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with closing(Decoder(Settings(decode_workers=1), obey)) as decoder:
        for program in (str(tmp_path / "nothing"), "/bin/false"):
            with monkeypatch.context() as patch:
                patch.setattr(sys, "executable", program)
                problem = problem_for(error_of(decoder, plain(RED)))
            assert problem is not None
            assert (problem.status, problem.type) == (503, "urn:pivot:overloaded")
        assert works(decoder)


def error_of(decoder: Decoder, data: bytes) -> Exception:
    error = decoder.decode(data).exception()
    assert isinstance(error, Exception)
    return error


def test_a_worker_that_is_killed_between_two_images_is_replaced(decoder: Decoder) -> None:
    process = int(told(decoder, b"name your process"))
    os.kill(process, signal.SIGKILL)
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    assert works(decoder)


def test_a_worker_that_a_file_took_over_cannot_have_the_service_run_anything(decoder: Decoder) -> None:
    assert isinstance(decoder.decode(b"answer with a pickle").exception(), DecodeCrashed)
    assert works(decoder)


def test_a_worker_that_stops_in_the_middle_of_its_answer_is_given_up() -> None:
    with closing(Decoder(Settings(decode_workers=1, decode_seconds=0.5), obey)) as decoder:
        assert isinstance(decoder.decode(b"answer in part").exception(), DecodeTimeout)


def test_an_image_that_takes_too_long_is_given_up() -> None:
    with closing(Decoder(Settings(decode_workers=1, decode_seconds=0.2), obey)) as decoder:
        slow = decoder.decode(b"sleep")
        with pytest.raises(DecodeTimeout, match=r"0\.2 seconds"):
            slow.result()
    with closing(Decoder(Settings(decode_workers=1, decode_seconds=2), obey)) as decoder:
        slow, quick = decoder.decode(b"sleep"), decoder.decode(plain(RED))
        assert isinstance(slow.exception(), DecodeTimeout)
        assert quick.result().width == 32


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux limits the address space")
def test_memory_beyond_the_limit_is_refused_in_the_worker(decoder: Decoder) -> None:
    assert isinstance(decoder.decode(b"fill the memory").exception(), MemoryError)
    assert works(decoder)


def test_workers_import_nothing_heavy(decoder: Decoder) -> None:
    modules = {name.partition(".")[0] for name in told(decoder, b"name your modules").split()}
    assert "PIL" in modules
    assert not {"torch", "faiss", "numpy", "pydantic", "fastapi", "pytest"} & modules


def test_closing_ends_the_workers() -> None:
    decoder = Decoder(Settings(decode_workers=1), obey)
    process = int(told(decoder, b"name your process"))
    decoder.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    with pytest.raises(Stopping):
        decoder.decode(plain(RED))


@pytest.mark.parametrize(("mode", "format"), [("RGB", "WEBP"), ("RGBA", "PNG"), ("I;16", "PNG")])
def test_the_memory_limit_leaves_room_for_the_largest_image(mode: str, format: str) -> None:
    settings = Settings(decode_workers=1, decode_seconds=60)
    data = encoded(Image.new(mode, (8000, settings.max_pixels // 8000)), format, **FAST[format])
    with closing(Decoder(settings)) as decoder:
        assert decoder.decode(data).result().width == 8000
