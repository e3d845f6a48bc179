"""Where a page of a list ended, as text that clients hand back without looking into it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from index.errors import BadCursor


def cursor_after(id: int) -> str:
    """The cursor of the page that begins after `id`."""
    return urlsafe_b64encode(str(id).encode()).decode()


def id_before(cursor: str) -> int:
    """The id that `cursor` was made from. Raises BadCursor."""
    try:
        id = int(urlsafe_b64decode(cursor.encode("ascii")))
    except ValueError:
        raise BadCursor from None
    if cursor_after(id) != cursor:  # base64 and int() read much else as the same number
        raise BadCursor
    return id
