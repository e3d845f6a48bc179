"""What kind of file it is, by its first bytes."""

from itertools import chain
from typing import Final

# (offset, bytes, name): enough to tell a broken image from a stranger, and to name the stranger. The names of
# formats that we decode are those of `images.FORMATS`. BMP begins like an English word, so it is left out.
_SIGNATURES: Final = (
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"GIF8", "gif"),
    (8, b"WEBP", "webp"),
    (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"),
    (4, b"ftypavi", "avif"),
    (4, b"ftyphei", "heif"),
    (4, b"ftypmif1", "heif"),
    (4, b"ftyp", "MP4 or MOV"),
    (0, b"%PDF", "PDF"),
    (0, b"%!PS", "PostScript"),
    (0, b"\xc5\xd0\xd3\xc6", "PostScript"),
    (0, b"\0\0\1\0", "ICO"),
    (0, b"8BPS", "PSD"),
    (0, b"\xff\x0a", "JPEG XL"),
    (4, b"JXL ", "JPEG XL"),
    (4, b"jP  ", "JPEG 2000"),
)
_TEXTS: Final = ((b"<svg", "SVG"), (b"<?xml", "SVG or other XML"))
_BEFORE_TEXT: Final = b"\xef\xbb\xbf \t\r\n"


def kind_of(data: bytes) -> str | None:
    """The name of the format; None: unknown."""
    text = data[:256].lstrip(_BEFORE_TEXT)
    signed = (name for offset, magic, name in _SIGNATURES if data.startswith(magic, offset))
    written = (name for magic, name in _TEXTS if text.startswith(magic))
    return next(chain(signed, written), None)
