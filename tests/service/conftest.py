from collections.abc import Iterator
from itertools import count

import pytest

from tests.service.serving import Service, serving

numbers = count(1)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One for all tests that are content with a collection of their own."""
    with serving(tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture
def collection(service: Service) -> str:
    """A new one, empty."""
    return service.library.gallery.create_collection(f"collection-{next(numbers)}").name
