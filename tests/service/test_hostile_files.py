"""Files that were made, or broken, to do harm: each is refused by name, or decoded, and costs no more."""

import logging
import random
import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import closing
from time import monotonic
from typing import Final

import pytest
from PIL import Image, ImageCms

from service.decoder import DecodeCrashed, Decoder, DecodeTimeout
from service.images import (
    FORMATS,
    MEDIA_TYPES,
    Decoded,
    ImageDamaged,
    ImageEmpty,
    ImageError,
    ImageTooLarge,
    NotAnImage,
    UnsupportedFormat,
)
from service.problems import problem_for
from service.settings import MIB, Settings
from tests.service import bombs
from tests.service.hostile import obey
from tests.service.pictures import RED, encoded, noisy, plain, png_header, webp_header

BROKEN: Final = (ImageDamaged, ImageTooLarge, NotAnImage, UnsupportedFormat)
SIDE: Final = bombs.SIDE
HUGE: Final = 200_000_000  # bytes, which deflate makes a thousandth of


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with closing(Decoder(Settings(decode_workers=1, decode_seconds=20), obey)) as decoder:
        yield decoder


@pytest.fixture
def outcome(decoder: Decoder) -> Iterator["Outcome"]:
    """Whatever the files do, the decoder lives on afterwards, and this process needs no memory for them."""
    tracemalloc.start()
    yield Outcome(decoder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * MIB
    assert decoder.decode(plain(RED, (7, 5))).result().size == (7, 5)


class Outcome:
    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def of(self, data: bytes) -> Decoded | Exception:
        """What becomes of a file; an error has its problem document."""
        future = self._decoder.decode(data)
        error = future.exception()
        if error is None:
            return future.result()
        assert isinstance(error, ImageError), error
        assert problem_for(error) is not None
        return error


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_cut_anywhere_is_damaged(outcome: Outcome, format: str) -> None:
    whole = encoded(noisy((48, 32)), format)
    for end in range(0, len(whole) - 32, max(1, len(whole) // 40)):
        assert isinstance(outcome.of(whole[:end]), ImageDamaged | ImageEmpty), end


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_with_flipped_bits_is_decoded_or_refused_by_name(outcome: Outcome, format: str) -> None:
    whole, chance = encoded(noisy((48, 32)), format), random.Random(format)
    for _ in range(60):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            most = len(broken) if chance.random() < 0.5 else min(200, len(broken))
            broken[chance.randrange(most)] ^= 1 << chance.randrange(8)
        result = outcome.of(bytes(broken))
        assert isinstance(result, (Decoded, *BROKEN)), broken.hex()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(png_header(SIDE, SIDE), id="png"),
        pytest.param(png_header(2**31 - 1, 1), id="png of one line"),
        pytest.param(bombs.png_of(8001, 8000), id="png with all its pixels"),
        pytest.param(webp_header(2**14, 2**14), id="webp"),
        pytest.param(bombs.gif_header(65_535, 65_535), id="gif"),
        pytest.param(bombs.bmp_header(SIDE, SIDE), id="bmp"),
        pytest.param(bombs.bmp_header(SIDE, -SIDE), id="bmp from top to bottom"),
        pytest.param(bombs.bmp_header(2**31 - 1, 2**31 - 1), id="bmp of quintillions"),
        pytest.param(bombs.jpeg_header(65_535, 65_535), id="jpeg"),
        pytest.param(bombs.tiff_header(SIDE, SIDE), id="tiff"),
        pytest.param(bombs.tiff_header(2**32 - 1, 2**32 - 1), id="tiff of quintillions"),
        pytest.param(bombs.resized("HEIF", SIDE, SIDE), id="heif"),
    ],
)
def test_more_pixels_than_the_limit_are_refused_by_the_header(outcome: Outcome, data: bytes) -> None:
    began = monotonic()
    assert isinstance(outcome.of(data), ImageTooLarge)
    assert monotonic() - began < 5


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(bombs.resized("AVIF", SIDE, SIDE), id="avif"),  # its library has a limit of its own
        pytest.param(bombs.resized("AVIF", 2**32 - 1, 2**32 - 1), id="avif of quintillions"),
        pytest.param(bombs.resized("HEIF", 2**32 - 1, 2**32 - 1), id="heif of quintillions"),
        pytest.param(bombs.resized("HEIF", 8000, 8000), id="heif within the limit"),
        pytest.param(bombs.tiff_header(0, 0), id="tiff of nothing"),
        pytest.param(bombs.tiff_header(8000, 8000), id="tiff without its pixels"),
        pytest.param(bombs.gif_header(8000, 8000), id="gif without its pixels"),
        pytest.param(png_header(0, 5), id="png of nothing"),
        pytest.param(bombs.png_with(b"zTXt", b"a\0\0" + zlib.compress(bytes(HUGE))), id="text"),
        pytest.param(bombs.png_with(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(HUGE))), id="unicode"),
        pytest.param(bombs.png_with(b"iCCP", b"a\0\0" + zlib.compress(bytes(HUGE))), id="profile"),
    ],
)
def test_what_claims_to_unfold_to_very_much_is_damaged(outcome: Outcome, data: bytes) -> None:
    assert isinstance(outcome.of(data), ImageDamaged)


def test_as_many_pixels_as_the_limit_in_a_small_file_stay_in_the_worker(outcome: Outcome) -> None:
    result = outcome.of(bombs.png_of(8000, 8000))
    assert isinstance(result, Decoded)
    assert len(result.pixels) == 3 * 1024 * 1024


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(bombs.gif_of_frames(500_000), id="half a million frames for ever"),
        pytest.param(bombs.tiff_looped(32, 24), id="a directory that leads to itself"),
        pytest.param(
            plain(RED, format="JPEG") + b"PK\3\4" + b"<script>" * 1000, id="an archive behind a photo"
        ),
        pytest.param(
            encoded(Image.new("RGB", (32, 24), RED), "JPEG", exif=bombs.exif_of(2**32 - 1, times=1000)),
            id="exif of four billion values",
        ),
        pytest.param(bombs.png_with(b"eXIf", b"II*\0\x08\0\0\0\xff\xff"), id="exif of missing values"),
    ],
)
def test_what_is_not_the_first_picture_is_passed_over(outcome: Outcome, data: bytes) -> None:
    began = monotonic()
    result = outcome.of(data)
    assert isinstance(result, Decoded)
    assert (result.width, result.height) in ((32, 24), (1, 1))
    assert monotonic() - began < 5


def test_profiles_whose_sizes_lie_do_no_harm(outcome: Outcome) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for place in range(0, 300, 4):
        lying = profile[:place] + struct.pack(">I", 2**31 - 16) + profile[place + 4 :]
        data = encoded(Image.new("RGB", (8, 8), RED), "PNG", icc_profile=lying)
        assert isinstance(outcome.of(data), Decoded | ImageDamaged), place


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (b"%PDF-1.4\n" + plain(RED, format="JPEG"), "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "PostScript"),
        (b"\xc5\xd0\xd3\xc6" + bytes(28) + b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
        (b" \r\n\t<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "SVG"),
        (b"\xef\xbb\xbf<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a '&b;&b;'>]><svg>&a;</svg>", "SVG"),
    ],
)
def test_what_runs_programs_elsewhere_is_no_image(outcome: Outcome, data: bytes, format: str) -> None:
    error = outcome.of(data)
    assert isinstance(error, UnsupportedFormat)
    assert error.format.startswith(format)


@pytest.mark.parametrize("data", [b"GIF89a=1;" + b"alert(1);" * 99, b"BM is not always a picture." * 9])
def test_text_that_begins_like_an_image_is_none(outcome: Outcome, data: bytes) -> None:
    assert isinstance(outcome.of(data), BROKEN)


def test_a_jpeg_of_endless_scans_is_given_up() -> None:
    with closing(Decoder(Settings(decode_workers=1, decode_seconds=1))) as decoder:
        endless = decoder.decode(bombs.jpeg_of_scans(20_000, (1000, 1000)))
        assert isinstance(endless.exception(), DecodeTimeout)
        assert decoder.decode(plain(RED)).result().format in MEDIA_TYPES


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGSEGV", "SIGABRT", "SIGBUS"])
def test_a_worker_that_is_killed_in_the_middle_costs_its_file_alone(outcome: Outcome, signal: str) -> None:
    assert isinstance(outcome.of(b"die of " + signal.encode()), DecodeCrashed)


def test_a_worker_that_stands_still_is_ended() -> None:
    with closing(Decoder(Settings(decode_workers=1, decode_seconds=1), obey)) as decoder:
        assert isinstance(decoder.decode(b"die of SIGSTOP").exception(), DecodeTimeout)
        assert decoder.decode(plain(RED)).result().width == 32


def test_a_worker_that_announces_more_than_an_answer_is_not_listened_to(outcome: Outcome) -> None:
    assert isinstance(outcome.of(b"answer with a terabyte"), DecodeCrashed)


def test_decoding_leaves_nothing_in_the_log(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    odd = bombs.tiff_header(8000, 8000), bombs.tiff_header(8, 8, samples=2048), b"Guten Tag"
    with (
        caplog.at_level(logging.DEBUG, logger="service"),
        closing(Decoder(Settings(decode_workers=1))) as decoder,
    ):
        assert all(decoder.decode(data).exception() is not None for data in odd)
    assert capfd.readouterr().err == ""
    assert not caplog.records
