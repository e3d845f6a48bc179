"""What is wrong with a store."""

from service.client.documents import Document


class Finding(Document):
    """What is wrong with a store; `image` is whose the file is, for people."""

    problem: str
    subject: str
    image: str | None


class Report(Document):
    """What `doctor` found: how many of each problem, and the first of them in words."""

    healthy: bool
    found: dict[str, int]
    findings: list[Finding]
