"""What the doctor tells over HTTP."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from index import doctor


class Examination(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"thorough": False}]}
    )

    thorough: bool = Field(default=False, description="read every original and every vector, too")


class Finding(BaseModel):
    """Something that does not fit together in the store."""

    problem: doctor.Problem
    subject: str = Field(description="the file, what SQLite says, or which vector")
    image: str | None = Field(description="whose it is: its collection, id and filename")

    @classmethod
    def of(cls, finding: doctor.Finding) -> Self:
        return cls(problem=finding.problem, subject=finding.subject, image=finding.image)


class Report(BaseModel):
    healthy: bool
    thorough: bool
    found: dict[doctor.Problem, int] = Field(description="how many there are of each problem")
    findings: list[Finding] = Field(description="the first 1000 of them")
