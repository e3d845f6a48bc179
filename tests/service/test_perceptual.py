import io

import numpy as np
import pytest
from PIL import Image

from service.images import decode
from service.perceptual import hash_of
from tests.service.pictures import RED, encoded, noisy, plain


def shapes(size: tuple[int, int] = (480, 360)) -> Image.Image:
    """A picture with light and dark parts here and there."""
    small = Image.new("RGB", (6, 5))
    small.putdata([(37 * i * i % 251, 53 * i % 241, 91 * i * i * i % 239) for i in range(30)])
    return small.resize(size, Image.Resampling.BICUBIC)


def hashed(image: Image.Image, format: str = "PNG") -> int:
    hash = hash_of(decode(encoded(image, format), 10**7).thumbnail)
    assert len(hash) == 8
    return int.from_bytes(hash, "big")


def test_copies_differ_in_few_bits_and_other_pictures_in_many() -> None:
    original = hashed(shapes())
    assert (original ^ hashed(shapes((240, 180)))).bit_count() <= 4
    assert (original ^ hashed(shapes(), "JPEG")).bit_count() <= 4
    assert (original ^ hashed(shapes().convert("L"))).bit_count() <= 4
    assert (original ^ hashed(noisy())).bit_count() > 16
    assert (original ^ hashed(shapes().transpose(Image.Transpose.ROTATE_180))).bit_count() > 16


def test_a_picture_of_one_colour_has_nothing_to_compare() -> None:
    assert hash_of(plain(RED)) == b""


def test_the_bits_are_the_low_frequencies_above_their_median() -> None:
    """By hand: a cosine of frequency 3 from left to right leaves the mean and that one bit above all."""
    x = np.arange(32) + 0.5
    wave = np.tile(128 + 100 * np.cos(np.pi / 32 * x * 3), (32, 1)).round().astype(np.uint8)
    hash = hash_of(encoded(Image.fromarray(wave), "PNG"))
    assert f"{hash[0]:08b}"[0] + f"{hash[0]:08b}"[3] == "11"


def test_what_is_no_image_raises_what_pillow_raises() -> None:
    with pytest.raises(OSError, match="cannot identify"):
        hash_of(io.BytesIO(b"nothing").read())
