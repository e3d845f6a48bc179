"""Images as text, which is how JSON carries them: base64, or a data URI (RFC 2397) with base64 in it."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import io
import re
from base64 import b64decode
from binascii import Error
from typing import Final

from service.images import ImageError
from service.queries import QueryError
from service.uploads import Upload

_SCHEME: Final = re.compile(r"data:[^,]{0,200}?;base64,", re.IGNORECASE)
_STANDARD: Final = str.maketrans("-_", "+/", " \t\r\n")


class NotBase64(QueryError, ImageError):
    """The text is neither base64 nor a data URI."""

    def __str__(self) -> str:
        return "The text is not base64. Send a file as base64 or as a data URI: data:image/jpeg;base64,..."


def upload_of(text: str) -> Upload:
    """The file that the text holds, whatever it is; wrapped lines and the alphabet of URLs are read too.

    Raises NotBase64.
    """
    scheme = _SCHEME.match(text)
    encoded = (text[scheme.end() :] if scheme else text).translate(_STANDARD).rstrip("=")
    try:
        data = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (Error, ValueError):
        raise NotBase64 from None
    return Upload("", lambda: io.BytesIO(data))
