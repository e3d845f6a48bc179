import pytest

from service.client import attempts
from tests.service.client.driving import Driver


@pytest.fixture(params=[False, True], ids=["blocking", "asynchronous"])
def drive(request: pytest.FixtureRequest) -> Driver:
    """Every test is of both clients."""
    return Driver(request.param)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for the pauses that a busy service needs."""
    monkeypatch.setattr(attempts, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr("service.client.following.FIRST_PAUSE", 0.001)
    for module in ("blocking", "asynchronous"):
        monkeypatch.setattr(f"service.client.{module}.POLL_SECONDS", 0.001)
