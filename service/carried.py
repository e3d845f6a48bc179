"""What a search's cursor carries besides its place: the vectors that the first page was ranked by.

Pages fit together only where their vectors are the same to the last bit, and those of a text that is embedded
anew may not be: its last bits depend on the texts that happen to go through the model with it. So the vectors
travel with the cursor, each under a digest of the model and of what it was made from. That works after a
restart, too, and embeds nothing. Where the question or the model has changed, no digest fits, and the cursor
has expired. Like the index's cursor it is not signed: a forged one finds what any query might.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from index.errors import BadCursor, BadVector, CursorExpired
from index.vectors import Row, check_vector, from_blobs, to_blob

DIGEST_BYTES: Final = 16
SEPARATOR: Final = "."  # which base64 does not use

Vectors = Mapping[bytes, Row]
"""By digest; each (dim,) float32, unit."""


def digest(model: str, kind: str, content: bytes) -> bytes:
    """Of what a vector was made from: 16 bytes."""
    return sha256(f"{model}\0{kind}\0".encode() + content).digest()[:DIGEST_BYTES]


def with_vectors(cursor: str, vectors: Vectors) -> str:
    """A cursor of the index, and the vectors, as one text."""
    packed = b"".join(key + to_blob(row) for key, row in vectors.items())
    return f"{cursor}{SEPARATOR}{urlsafe_b64encode(packed).decode()}"


def parted(cursor: str, dim: int) -> tuple[str, Vectors]:
    """The cursor of the index, and the vectors. Raises BadCursor, CursorExpired."""
    place, separator, text = cursor.partition(SEPARATOR)
    try:
        packed = urlsafe_b64decode(text.encode("ascii"))
    except ValueError:
        raise BadCursor from None
    if not separator or urlsafe_b64encode(packed).decode() != text:
        raise BadCursor
    size = DIGEST_BYTES + 4 * dim
    if len(packed) % size:
        raise CursorExpired  # of a model with another dimension
    pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
    rows = from_blobs([piece[DIGEST_BYTES:] for piece in pieces], dim)
    try:
        for row in rows:
            check_vector(row, dim)
    except BadVector:
        raise BadCursor from None
    return place, {piece[:DIGEST_BYTES]: row for piece, row in zip(pieces, rows, strict=True)}
