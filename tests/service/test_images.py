import io
from contextlib import suppress
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageChops, ImageCms, ImageStat

from service.images import (
    FORMATS,
    IMAGE_SIDE,
    JPEG_SIDE,
    THUMBNAIL_SIDE,
    Decoded,
    ImageDamaged,
    ImageEmpty,
    ImageError,
    ImageTooLarge,
    NotAnImage,
    UnsupportedFormat,
    decode,
)
from service.thumbnails import Size as ThumbnailSize
from tests.service.pictures import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    encoded,
    noisy,
    plain,
    png_header,
    red_left_of_blue,
    webp_header,
)

MAX_PIXELS = 64_000_000
MOST_DIFFERENT = 1  # level of 256, on average; a shift by one pixel makes almost two

Size = tuple[int, int]


def decoded(data: bytes) -> Decoded:
    return decode(data, MAX_PIXELS)


def mean(image: Image.Image) -> list[int]:
    return [round(value) for value in ImageStat.Stat(image).mean]


def thumbnail_of(result: Decoded) -> Image.Image:
    return Image.open(io.BytesIO(result.thumbnail))


def close_to(colour: tuple[int, int, int], tolerance: int = 6) -> Any:
    return pytest.approx(colour, abs=tolerance)


@pytest.mark.parametrize(
    ("pillow_format", "format"),
    [*FORMATS.items(), ("MPO", "jpeg")],
)
def test_every_accepted_format_is_decoded(pillow_format: str, format: str) -> None:
    result = decoded(encoded(Image.new("RGB", (40, 30), GREEN), pillow_format))
    assert result.format == format
    assert (result.width, result.height) == result.size == (40, 30)
    assert mean(result.image()) == close_to(GREEN)


def test_a_photo_of_two_pictures_as_phones_write_it_is_its_first() -> None:
    second = Image.new("RGB", (40, 30), RED)
    data = encoded(Image.new("RGB", (40, 30), GREEN), "MPO", save_all=True, append_images=[second])
    assert mean(decoded(data).image()) == close_to(GREEN)


def test_an_image_of_one_pixel_is_accepted() -> None:
    result = decoded(plain(RED, (1, 1)))
    assert result.size == thumbnail_of(result).size == (1, 1)


def test_a_strip_of_a_single_pixels_height_keeps_its_height() -> None:
    result = decoded(plain(RED, (5000, 1)))
    assert (result.width, result.height) == (5000, 1)
    assert result.size == (IMAGE_SIDE, 1)


def test_large_images_are_scaled_down_and_keep_their_proportions() -> None:
    result = decoded(encoded(noisy((3000, 1500)), "JPEG"))
    assert (result.width, result.height) == (3000, 1500)
    assert result.size == (IMAGE_SIDE, IMAGE_SIDE // 2)
    assert thumbnail_of(result).size == (THUMBNAIL_SIDE, THUMBNAIL_SIDE // 2)


@pytest.mark.parametrize(
    ("stored", "kept"),
    [
        ((1632, 1224), (816, 612)),
        ((1224, 1632), (612, 816)),
        ((4000, 3000), (1000, 750)),
        ((6144, 8), (768, 1)),
    ],
)
def test_a_jpeg_is_decoded_at_a_fraction_of_its_size(stored: Size, kept: Size) -> None:
    result = decoded(encoded(Image.new("L", stored, 200), "JPEG"))
    assert (result.width, result.height) == stored
    assert result.size == kept


def test_a_fraction_of_a_jpeg_is_enough_for_the_largest_thumbnail() -> None:
    data = encoded(Image.new("L", (2 * JPEG_SIDE, JPEG_SIDE), 200), "JPEG")
    assert max(get_args(get_args(ThumbnailSize)[0])) == JPEG_SIDE
    assert thumbnail_of(decode(data, MAX_PIXELS, JPEG_SIDE)).size == (JPEG_SIDE, JPEG_SIDE // 2)


@pytest.mark.parametrize("long_side", [768, 1024, 1535])
def test_a_jpeg_that_a_fraction_would_make_too_small_is_decoded_whole(long_side: int) -> None:
    result = decoded(encoded(Image.new("L", (long_side, 30), 200), "JPEG"))
    assert result.size[0] == min(long_side, IMAGE_SIDE)


def test_a_fraction_of_a_jpeg_shows_what_the_whole_shows() -> None:
    picture = Image.effect_mandelbrot((1600, 1200), (-2, -1.2, 0.8, 1.2), 60).convert("RGB")
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 3
    result = decoded(encoded(picture, "JPEG", quality=95, exif=turned.tobytes()))
    shrunk = picture.transpose(Image.Transpose.ROTATE_180).resize((800, 600), Image.Resampling.BICUBIC)
    difference = ImageChops.difference(result.image(), shrunk)
    assert max(ImageStat.Stat(difference).mean) < MOST_DIFFERENT


def test_no_bytes_are_no_image() -> None:
    with pytest.raises(ImageEmpty, match="0 bytes"):
        decoded(b"")


@pytest.mark.parametrize("data", [b"Guten Tag", b"\0" * 1000])
def test_what_is_no_image_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(NotAnImage):
        decoded(data)


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (encoded(Image.new("RGB", (16, 16)), "ICO"), "ICO"),
        (b"\0\0\0\x18ftypisom\0\0\2\0", "MP4"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    ],
)
def test_other_formats_are_refused_by_name(data: bytes, format: str) -> None:
    with pytest.raises(UnsupportedFormat, match=format):
        decoded(data)


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "BMP"])
def test_a_truncated_file_is_damaged(format: str) -> None:
    data = encoded(noisy(), format)
    with pytest.raises(ImageDamaged, match=FORMATS[format]):
        decoded(data[: len(data) // 2])


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "AVIF", "HEIF"])
def test_a_file_cut_within_its_header_is_damaged(format: str) -> None:
    with pytest.raises(ImageDamaged, match=FORMATS[format]):
        decoded(plain(RED, format=format)[:20])


@pytest.mark.parametrize("header", [png_header, webp_header])
def test_a_hundred_megapixels_are_refused_by_the_header(header: Any) -> None:
    with pytest.raises(ImageTooLarge) as raised:  # decoding would call the missing pixels damage
        decoded(header(10_000, 10_000))
    assert raised.value.pixels == 100_000_000
    assert raised.value.limit == MAX_PIXELS


def test_as_many_pixels_as_the_limit_are_accepted_and_one_more_is_not() -> None:
    data = plain(RED, (31, 31))
    assert decode(data, 31 * 31).size == (31, 31)
    with pytest.raises(ImageTooLarge, match="961 pixels; the limit is 960"):
        decode(data, 31 * 31 - 1)


def test_a_bomb_of_billions_of_pixels_is_refused() -> None:
    with pytest.raises(ImageTooLarge):
        decoded(png_header(60_000, 60_000))


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_its_first_frame(format: str) -> None:
    second = Image.new("RGB", (32, 24), BLUE)
    data = encoded(Image.new("RGB", (32, 24), RED), format, save_all=True, append_images=[second])
    assert mean(decoded(data).image()) == close_to(RED)


def test_cmyk_becomes_rgb() -> None:
    magenta = Image.new("CMYK", (32, 24), (0, 255, 0, 0))
    assert mean(decoded(encoded(magenta, "JPEG")).image()) == close_to((255, 0, 255))


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_and_not_clipped(format: str) -> None:
    data = encoded(Image.new("I;16", (8, 8), 128 * 257), format)
    assert mean(decoded(data).image()) == [128, 128, 128]


def test_sixteen_bits_of_the_other_byte_order_are_scaled_too() -> None:
    data = encoded(Image.new("I;16B", (8, 8), 128 * 257), "TIFF")
    assert mean(decoded(data).image()) == [128, 128, 128]


@pytest.mark.parametrize("mode", ["I", "F"])
def test_numbers_without_an_agreed_white_are_stretched(mode: str) -> None:
    image = Image.linear_gradient("L").convert(mode).point(lambda value: value * 1000 - 5)
    result = decoded(encoded(image, "TIFF")).image()
    assert result.getextrema() == ((0, 255),) * 3
    assert mean(result) == close_to((128, 128, 128))


def test_floats_without_a_range_become_black() -> None:
    assert mean(decoded(encoded(Image.new("F", (8, 8), float("nan")), "TIFF")).image()) == [0, 0, 0]


@pytest.mark.parametrize(("mode", "colour"), [("RGBA", (0, 0, 255, 0)), ("LA", (0, 0))])
def test_transparency_is_laid_on_white(mode: str, colour: tuple[int, ...]) -> None:
    assert mean(decoded(encoded(Image.new(mode, (8, 8), colour), "PNG")).image()) == list(WHITE)


def test_half_transparency_is_mixed_with_white() -> None:
    data = encoded(Image.new("RGBA", (8, 8), (*RED, 128)), "PNG")
    assert mean(decoded(data).image()) == close_to((255, 127, 127), 1)


def test_a_palette_with_transparency_is_laid_on_white() -> None:
    image = red_left_of_blue().quantize(2)
    transparent = image.getpixel((0, 0))
    result = decoded(encoded(image, "PNG", transparency=transparent)).image()
    assert result.getpixel((5, 5)) == WHITE
    assert result.getpixel((60, 5)) == BLUE


def test_a_transparent_colour_of_rgb_is_laid_on_white() -> None:
    result = decoded(encoded(red_left_of_blue(), "PNG", transparency=RED)).image()
    assert result.getpixel((5, 5)) == WHITE
    assert result.getpixel((60, 5)) == BLUE


@pytest.mark.parametrize("mode", ["L", "1"])
def test_grey_and_black_and_white_become_rgb(mode: str) -> None:
    assert mean(decoded(encoded(Image.new(mode, (8, 8), 255), "PNG")).image()) == list(WHITE)


# What a camera stores, by the value of its orientation tag, for a picture that is red left of blue.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", STORED)
def test_photos_are_turned_upright(format: str, orientation: int) -> None:
    turn = STORED[orientation]
    upright = red_left_of_blue((64, 32))
    upright.paste(GREEN, (0, 16, 32, 32))  # below the red
    stored = upright if turn is None else upright.transpose(turn)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    result = decoded(encoded(stored, format, exif=exif.tobytes()))
    assert (result.width, result.height) == (64, 32)
    for image in (result.image(), thumbnail_of(result)):
        assert image.size == (64, 32)
        assert image.getpixel((8, 4)) == close_to(RED, 40)
        assert image.getpixel((8, 28)) == close_to(GREEN, 40)
        assert image.getpixel((56, 4)) == close_to(BLUE, 40)


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + b"A" * 65000]
)
def test_broken_and_huge_exif_does_no_harm(exif: bytes) -> None:
    assert mean(decoded(encoded(Image.new("RGB", (32, 24), RED), "JPEG", exif=exif)).image()) == close_to(RED)


def test_exif_and_profile_stay_out_of_the_thumbnail() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ada"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 0.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(Image.new("RGB", (32, 24), RED), "JPEG", exif=exif, icc_profile=profile, comment=b"secret")
    assert b"Ada" in data
    thumbnail = thumbnail_of(decoded(data))
    assert not thumbnail.getexif()
    assert not {"exif", "icc_profile", "xmp", "comment"} & set(thumbnail.info)


def test_colours_of_an_embedded_profile_become_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    grey = Image.new("LAB", (8, 8), (137, 128, 128))  # L* = 53.7, the lightness of sRGB 128
    data = encoded(grey, "TIFF", icc_profile=lab)
    assert mean(decoded(data).image()) == close_to((128, 128, 128), 2)


@pytest.mark.parametrize(
    "profile", [b"nonsense", ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()]
)
def test_a_profile_that_is_broken_or_of_another_mode_counts_as_none(profile: bytes) -> None:
    data = encoded(Image.new("RGB", (32, 24), RED), "PNG", icc_profile=profile)
    assert mean(decoded(data).image()) == list(RED)


@pytest.mark.parametrize("error", [ImageEmpty(), NotAnImage(), UnsupportedFormat("PDF"), ImageTooLarge(9, 4)])
def test_errors_end_with_the_remedy(error: Exception) -> None:
    what, _, remedy = str(error).rpartition(". ")
    assert what
    assert remedy.endswith(".")


@given(
    format=st.sampled_from(list(FORMATS)),
    cut=st.floats(0.1, 1),
    changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=8),
)
@settings(max_examples=150, deadline=None)
def test_whatever_happened_to_a_file_it_is_decoded_or_refused(
    format: str, cut: float, changes: list[tuple[float, int]]
) -> None:
    data = bytearray(encoded(red_left_of_blue(), format))
    for place, value in changes:
        data[int(place * len(data))] = value
    with suppress(ImageError):
        assert decode(bytes(data[: int(cut * len(data))]), 100_000).format in FORMATS.values()
