"""What answers tell of duplicates."""

from typing import Self

from pydantic import BaseModel, Field

from index.duplicates import Group, Groups, Kind, Twins
from service.schemas import Image

_PENDING = "images of the collection that could not be compared yet: ask again later"


class NearImage(BaseModel):
    image: Image
    distance: int = Field(description="bits of 64 in which the two pictures differ")


class SimilarImage(BaseModel):
    image: Image
    score: float = Field(description="cosine of the two vectors")


class ImageDuplicates(BaseModel):
    exact: list[Image] = Field(description="the same file in other collections")
    near: list[NearImage] = Field(description="nearly the same picture, nearest first")
    similar: list[SimilarImage] = Field(description="pictures that show the like, best first")
    pending: int = Field(description=_PENDING)

    @classmethod
    def of(cls, twins: Twins) -> Self:
        return cls(
            exact=[Image.of(record) for record in twins.exact],
            near=[NearImage(image=Image.of(one.record), distance=int(one.value)) for one in twins.near],
            similar=[SimilarImage(image=Image.of(one.record), score=one.value) for one in twins.similar],
            pending=twins.pending,
        )


class DuplicateGroup(BaseModel):
    kind: Kind
    images: list[Image] = Field(description="two or more, by ascending id, at most 1000")

    @classmethod
    def of(cls, group: Group) -> Self:
        return cls(kind=group.kind, images=[Image.of(record) for record in group.images])


class DuplicatesPage(BaseModel):
    groups: list[DuplicateGroup]
    next_cursor: str | None = Field(description="hand it in as `cursor` for the next page; null on the last")
    pending: int = Field(description=_PENDING)

    @classmethod
    def of(cls, found: Groups, cursor: str | None) -> Self:
        return cls(
            groups=[DuplicateGroup.of(group) for group in found.groups],
            next_cursor=cursor,
            pending=found.pending,
        )
