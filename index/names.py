"""Names of collections: they are part of addresses, and of file names."""

import re

from index.errors import BadCollectionName

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def check_collection_name(name: str) -> None:
    """Raises BadCollectionName."""
    if not _NAME.fullmatch(name):
        raise BadCollectionName(name)
