"""Duplicates: images that are there more than once, or nearly so."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from index.duplicates import Kind
from service import duplicate_schemas as schemas
from service.cursors import cursor_after, id_before
from service.duplicates import DISTANCE, SCORE
from service.integers import Integer
from service.problems import documented
from service.routes.context import CollectionName, ImageId, InAccess, InContext

router = APIRouter(prefix="/v1/collections/{collection}", tags=["duplicates"])

MAX_GROUPS: Final = 1000
MAX_TWINS: Final = 1000


@router.get(
    "/images/{image_id}/duplicates",
    summary="Find what resembles an image",
    responses=documented(404, 422, 503, 507),
)
async def list_image_duplicates(
    collection: CollectionName,
    image_id: ImageId,
    context: InContext,
    access: InAccess,
    limit: Annotated[Integer, Query(ge=1, le=MAX_TWINS, description="images of each kind at most")] = 100,
) -> schemas.ImageDuplicates:
    """The same file in other collections, nearly the same picture, and pictures that show the like.

    What is near is not told among what is similar once more.
    """
    twins = await context.upkeep.run(
        context.library.duplicates.of_image, collection, image_id, limit, access.sees
    )
    return schemas.ImageDuplicates.of(twins)


@router.get("/duplicates", summary="List groups of duplicates", responses=documented(404, 422, 503, 507))
async def list_duplicates(
    collection: CollectionName,
    context: InContext,
    access: InAccess,
    kind: Annotated[
        Kind,
        Query(
            description="near: the same picture; similar: it shows the like; exact: the same file elsewhere"
        ),
    ] = "near",
    threshold: Annotated[
        float | None,
        Query(
            allow_inf_nan=False,
            description=f"near: the most bits of 64 in which two pictures differ, {DISTANCE.least:g} to"
            f" {DISTANCE.most:g}, usually {DISTANCE.usual:g}; similar: the least score, {SCORE.least:g} to"
            f" {SCORE.most:g}, usually {SCORE.usual:g}; exact: none",
        ),
    ] = None,
    limit: Annotated[Integer, Query(ge=1, le=MAX_GROUPS, description="groups of a page at most")] = 100,
    cursor: Annotated[
        str | None, Query(description="`next_cursor` of the page before, of the same kind and threshold")
    ] = None,
) -> schemas.DuplicatesPage:
    """Groups of images that match one another, or are linked by others that do, by their lowest id.

    Exact are files that other collections have, too. In a large collection a page may have fewer groups than
    asked for, or none, and others come after it: go on until `next_cursor` is null. A group has up to 1,000
    images: where more belong together, the others are told once these are deleted.
    """
    after = 0 if cursor is None else id_before(cursor)
    found = await context.upkeep.run(
        context.library.duplicates.groups, collection, kind, threshold, after, limit, access.sees
    )
    return schemas.DuplicatesPage.of(found, None if found.after is None else cursor_after(found.after))
