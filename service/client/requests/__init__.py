"""Every request that the client can make, as functions that describe it. None of them sends anything."""

from urllib.parse import quote

DEFAULT = "default"  # a collection that is always there


def below(collection: str, rest: str = "") -> str:
    """The path of the collection, or of something in it."""
    return f"/v1/collections/{quote(collection, safe='')}{rest}"
