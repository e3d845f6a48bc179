"""What `collections` does and tells."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

from service.client import Pivot
from service.commands.columns import columns
from service.commands.errors import CommandError


class NotEmpty(CommandError):
    def __init__(self, name: str, images: int) -> None:
        super().__init__(
            f"{name} has {images:,} images, which would be gone with it. Say so with --with-images."
        )
        self.name = name
        self.images = images


def list_collections(pivot: Pivot, *, json: bool = False) -> str:
    """A line for each, or what the service answers."""
    found = pivot.collections()
    if json:
        return found.model_dump_json(indent=2)
    rows = [(one.name, f"{one.images:,}", f"{one.searchable:,}", one.created_at) for one in found.collections]
    return columns([("name", "images", "searchable", "created"), *rows], right=(1, 2))


def delete(pivot: Pivot, name: str, *, with_images: bool) -> str:
    """What was deleted. Raises NotEmpty."""
    images = pivot.collection(name).images
    if images and not with_images:
        raise NotEmpty(name, images)
    pivot.delete_collection(name)
    return f"{name} is gone, with {images:,} images."
