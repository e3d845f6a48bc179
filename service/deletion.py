"""Deletion of many images, a few at a time, so that searches and uploads come between."""

from typing import Final

from index.gallery import Gallery
from service.schemas import Deleted, Deletion

# Images that are gone at once; changes wait meanwhile. Digests lie all over their indexes, so a step
# writes most of their pages, however small it is.
STEP: Final = 2000
TOLD: Final = 1000  # ids in the answer


def delete(gallery: Gallery, collection: str, asked: Deletion) -> Deleted:
    """Which images go, is decided at the start. What was deleted stays so, if it fails on the way.

    Raises UnknownCollection, BadFilter, StorageFull, StorageUnwritable, StoreClosed.
    """
    key = gallery.key(collection)
    if asked.filter is not None:
        ids = gallery.matching(key, asked.filter)
    elif asked.external_ids is not None:
        ids = sorted(record.id for record in gallery.by_external_id(key, asked.external_ids).values())
    else:
        ids = gallery.present(key, asked.ids or ())
    if not asked.dry_run:
        steps = (ids[start : start + STEP] for start in range(0, len(ids), STEP))
        ids = [id for step in steps for id in gallery.remove(key, step)]
    return Deleted(deleted=len(ids), ids=ids[:TOLD])
