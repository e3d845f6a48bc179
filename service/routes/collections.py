"""Collections of images."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from service import schemas
from service.problems import documented
from service.routes.context import CollectionName, InAccess, InContext

router = APIRouter(prefix="/v1/collections", tags=["collections"])


@router.get("", summary="List the collections")
def list_collections(context: InContext, access: InAccess) -> schemas.Collections:
    """All that the key may see, in the order of their creation. One named `default` is always there."""
    records = [record for record in context.library.gallery.collections() if access.sees(record.name)]
    return schemas.Collections(collections=[schemas.Collection.of(record) for record in records])


@router.post("", summary="Create a collection", status_code=201, responses=documented(409, 422))
def create_collection(
    body: schemas.NewCollection, response: Response, context: InContext, access: InAccess
) -> schemas.Collection:
    """A new, empty collection. `Location` is its address."""
    access.check_collection(body.name)
    created = schemas.Collection.of(context.library.gallery.create_collection(body.name))
    response.headers["Location"] = f"{router.prefix}/{created.name}"
    return created


@router.get("/{collection}", summary="Describe a collection", responses=documented(404))
def get_collection(collection: CollectionName, context: InContext) -> schemas.Collection:
    """How many images it has, and how many of them searches can find."""
    return schemas.Collection.of(context.library.gallery.collection(collection))


@router.patch("/{collection}", summary="Rename a collection", responses=documented(404, 409, 422))
def rename_collection(
    collection: Annotated[str, Path(description="its name", examples=["holidays"])],
    body: schemas.CollectionChange,
    context: InContext,
    access: InAccess,
) -> schemas.Collection:
    """Its images keep their ids; uploads and jobs that are under way go on. `default` keeps its name.

    Keys that are for some collections know these by name.
    """
    access.check_collection(body.name)
    renamed = context.library.gallery.rename_collection(collection, body.name)
    context.ledger.rename(context.library.gallery.key(body.name))
    return schemas.Collection.of(renamed)


@router.delete("/{collection}", summary="Delete a collection", status_code=204, responses=documented(404))
def delete_collection(collection: CollectionName, context: InContext) -> None:
    """With all images in it. The collection `default` stays, empty."""
    context.library.delete_collection(collection)
