"""What the service answers. Members that a newer service adds are kept, in `model_extra`."""

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """Whatever the service tells. Frozen."""

    model_config = ConfigDict(frozen=True, extra="allow")


class FieldProblem(Document):
    field: str
    detail: str


class Problem(Document):
    """RFC 9457: what went wrong, for programs (`type`, `field`, `limit`) and for people."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    limit: float | None = None
    remedy: str | None = None
    request_id: str | None = None
    errors: list[FieldProblem] | None = None

    def __str__(self) -> str:
        """What happened and what to do."""
        return f"{self.detail} {self.remedy or ''}".rstrip()
