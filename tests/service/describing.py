"""Writes docs/openapi.json, the API's description for those who have no service at hand: `make openapi`."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from service.app import create_app
from service.settings import Settings
from tests.fakes import ColourEncoder
from tests.service.serving import library_in

FILE: Final = Path(__file__).parents[2] / "docs" / "openapi.json"


def described() -> str:
    """What a service tells at /openapi.json, laid out so that changes show line by line."""
    with TemporaryDirectory() as folder:
        settings = Settings(store=Path(folder))
        with library_in(Path(folder), ColourEncoder(), settings) as library:
            app = create_app(library, settings)
            return json.dumps(app.openapi(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(described(), encoding="utf-8")
