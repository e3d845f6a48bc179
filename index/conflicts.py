"""Conflicts: what keeps images on their way in from being stored beside those that are there."""

from collections.abc import Mapping, Sequence

from index.errors import ExternalIdTaken, TooManyCaptions
from index.records import MOST_CAPTIONS, Addition, ImageRecord, NewImage


def check_conflicts(
    collection: str,
    images: Sequence[NewImage | Addition],
    known: Mapping[str, ImageRecord],
    holders: Mapping[str, ImageRecord],
) -> None:
    """Raises ExternalIdTaken or TooManyCaptions for the first that cannot be stored after those before it.

    `known` are the images that the collection has of these contents, by SHA-256, and `holders` those that
    have one of these external ids, by external id.
    """
    contents = {external_id: record.sha256 for external_id, record in holders.items()}
    external_ids = {
        sha256: record.external_id for sha256, record in known.items() if record.external_id is not None
    }
    captions = {
        sha256: {(one.language, one.text) for one in record.captions} for sha256, record in known.items()
    }
    for place, image in enumerate(images):
        sha256, external_id = image.sha256, image.external_id
        if external_id is not None and (
            contents.setdefault(external_id, sha256) != sha256
            or external_ids.setdefault(sha256, external_id) != external_id
        ):
            raise ExternalIdTaken(collection, external_id, place)
        texts = captions.setdefault(sha256, set())
        texts.update((one.language, one.text) for one in image.captions)
        if len(texts) > MOST_CAPTIONS:
            raise TooManyCaptions(len(texts), MOST_CAPTIONS, place)
