"""Commands in this process, against a service that they all share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.__main__ import main
from tests.fakes import ColourEncoder
from tests.service.serving import Service


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], service: Service) -> Run:
    """Runs a command with `--server`."""

    def run(*argv: str | Path) -> Ran:
        words = [*map(str, argv), "--server", str(service.client.base_url)]
        code = main(words, lambda _: ColourEncoder())
        return Ran(code, *capsys.readouterr())

    return run
