import pytest

from index.errors import BadVector, StorageFull, UnknownCollection
from service.batcher import Overloaded
from service.fetch import FetchError
from service.images import ImageError, ImageTooLarge
from service.problems import KINDS, problem_for
from service.queries import OutOfRange


def subclasses(kind: type[Exception]) -> set[type[Exception]]:
    return {kind} | {found for sub in kind.__subclasses__() for found in subclasses(sub)}


def test_an_error_becomes_what_a_client_and_a_person_need() -> None:
    problem = problem_for(ImageTooLarge(100_000_000, 64_000_000))
    assert problem is not None
    assert problem.model_dump(exclude_none=True) == {
        "type": "urn:pivot:image-too-large",
        "title": "Too many pixels",
        "status": 413,
        "detail": "The image has 100,000,000 pixels; the limit is 64,000,000.",
        "field": "file",
        "limit": 64_000_000,
        "remedy": "Send a smaller copy.",
    }


def test_an_error_that_knows_its_field_names_it() -> None:
    problem = problem_for(OutOfRange("k", 0, 1, 1000))
    assert problem is not None
    assert (problem.field, problem.limit) == ("k", 1)


def test_a_name_with_full_stops_does_not_end_up_in_the_remedy() -> None:
    problem = problem_for(UnknownCollection("a. b. c"))
    assert problem is not None
    assert problem.detail == "There is no collection 'a. b. c'."


def test_clients_do_not_learn_where_the_store_is(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    problem = problem_for(StorageFull(folder))
    assert problem is not None
    assert problem.status == 507
    assert str(folder) not in problem.model_dump_json()


@pytest.mark.parametrize("error", [ValueError("a bug"), BadVector("has the shape ()", 3)])
def test_a_bug_is_no_problem_of_the_client(error: Exception) -> None:
    assert problem_for(error) is None


def test_the_names_of_the_kinds_are_urns_and_stand_for_one_title_each() -> None:
    titles = {kind.name: kind.title for kind in KINDS.values()}
    assert len({(kind.name, kind.title) for kind in KINDS.values()}) == len(titles)
    assert all(name.replace("-", "").isalpha() and name.islower() for name in titles)


def test_every_image_error_has_its_row() -> None:
    assert subclasses(ImageError) - {ImageError, FetchError} <= set(KINDS)


def test_overload_asks_for_patience() -> None:
    problem = problem_for(Overloaded(256))
    assert problem is not None
    assert (problem.status, problem.limit, problem.remedy) == (503, 256, "Try again in 1 s.")
