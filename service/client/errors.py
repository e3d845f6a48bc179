"""What can go wrong between here and a service. Each text says what to do."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

from service.client.documents import Problem


class PivotError(Exception):
    """Anything that a client raises."""


class Unreachable(PivotError):
    """Nobody answered, or the connection broke; whether the request was heard is not known."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"No answer from {address} ({reason}). Check the address, and that the service runs there."
        )
        self.address = address
        self.reason = reason


class NotPivot(PivotError):
    """An answer, but none that the service gives."""

    def __init__(self, address: str, status: int) -> None:
        super().__init__(
            f"{address} answered with status {status} and no document of Pivot. Check the address, and that"
            " both ends are of the same release."
        )
        self.address = address
        self.status = status


class Refused(PivotError):
    """The service answered with a problem; `problem.type` names the kind exactly."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Invalid(Refused):
    """The request, or a file in it, cannot be used as it is."""


class KeyNeeded(Refused):
    """The service asks for a key, or does not know this one."""


class Forbidden(Refused):
    """The key may not do this."""


class NotFound(Refused):
    """There is no such collection, image, job or key; or the cursor has expired."""


class Conflict(Refused):
    """The request does not fit what is there."""


class TooLarge(Refused):
    """The request is larger than what the service, or what stands before it, lets through."""


class Busy(Refused):
    """Still too busy, or asked too often, after all the times that the client came back."""


KINDS = {
    400: Invalid,
    401: KeyNeeded,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    413: TooLarge,
    415: Invalid,
    422: Invalid,
    429: Busy,
    503: Busy,
}


def refusal(address: str, status: int, content: bytes) -> PivotError:
    """The error for an answer that is no success."""
    try:
        problem = Problem.model_validate_json(content)
    except ValueError:
        if status != 413:
            return NotPivot(address, status)
        problem = Problem(
            type="about:blank",
            title="Too large",
            status=status,
            detail="The request is larger than what stands before the service lets through.",
            remedy="Raise that limit, or send less at a time.",
        )
    return KINDS.get(status, Refused)(problem)
