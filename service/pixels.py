"""What becomes of pixels of any mode, turn and colours: upright RGB in sRGB, transparency laid on white."""

import io
import math
from typing import Final

from PIL import ExifTags, Image, ImageCms

_WHITE: Final = (255, 255, 255)


def resizable(image: Image.Image) -> Image.Image:
    """The image in a mode whose pixels can be averaged: L, RGB, RGBA or CMYK.

    JPEG stays unloaded here, so that it can be decoded at a fraction of its size.
    """
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode in ("I", "F"):
        return _stretched(image)
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _stretched(image: Image.Image) -> Image.Image:
    """Integers of 32 bits and floats have no agreed white: the darkest pixel becomes 0, the brightest 255."""
    low, high = image.getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return Image.new("L", image.size)
    return image.point(lambda value: value * (255 / span) - low * 255 / span).convert("L")


SIDEWAYS: Final = {
    Image.Transpose.TRANSPOSE,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_270,
}
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def turn_of(image: Image.Image) -> Image.Transpose | None:
    """How to turn the image upright. Ask after loading: Pillow turns TIFF itself and then forgets the tag."""
    try:
        return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # broken EXIF is common and no reason to refuse the pixels
        return None


def on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    white = Image.new("RGB", image.size, _WHITE)
    white.paste(image, mask=image.getchannel("A"))
    return white


def srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB with sRGB colours; a profile that is broken or made for another mode counts as none."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
        else:
            assert converted is not None
            return converted
    return image if image.mode == "RGB" else image.convert("RGB")
