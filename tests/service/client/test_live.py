"""The client and the service agree on what goes between them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.client import Invalid, NewImage, NotFound
from tests.service.client.driving import Driver
from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import Service

Act = Callable[[Callable[[Any], Any]], Any]


@pytest.fixture
def act(drive: Driver, service: Service) -> Act:
    return lambda does: drive(does, str(service.client.base_url))


def test_images_go_in_are_found_and_go(act: Act, collection: str, tmp_path: Path) -> None:
    (tmp_path / "rose.png").write_bytes(plain(RED))
    new = [tmp_path / "rose.png", NewImage(plain(BLUE), "sea.png", {"trip": 1}), NewImage(b"no", "no.png")]
    added = act(lambda pivot: pivot.upload(new, collection=collection))
    assert [item.status for item in added.items] == ["created", "created", "failed"]
    rose, sea = (item.image for item in added.items[:2])
    answer = act(lambda pivot: pivot.search("ein rot", collection=collection, k=1))
    assert [(result.rank, result.image.filename) for result in answer.results] == [(1, "rose.png")]
    assert (answer.query.language.code, answer.model) == ("de", "colours-1")
    like = act(lambda pivot: pivot.search(image_id=rose.id, collection=collection))
    assert [result.image for result in like.results] == [sea]
    assert act(lambda pivot: pivot.file(sea.id, collection=collection)) == plain(BLUE)
    assert act(lambda pivot: pivot.thumbnail(sea.id, collection=collection))[8:12] == b"WEBP"
    assert act(lambda pivot: pivot.image(sea.id, collection=collection)).metadata == {"trip": 1}
    assert act(lambda pivot: pivot.delete_image(rose.id, collection=collection)) is None
    with pytest.raises(NotFound):
        act(lambda pivot: pivot.image(rose.id, collection=collection))


def test_all_pages_of_images(act: Act, collection: str) -> None:
    act(lambda pivot: pivot.upload([plain(RED), plain(GREEN), plain(BLUE)], collection=collection))
    assert len(act(lambda pivot: pivot.each_image(collection=collection, limit=2))) == 3


def test_collections_come_and_go(act: Act, collection: str) -> None:
    names = [one.name for one in act(lambda pivot: pivot.collections()).collections]
    assert {"default", collection} <= set(names)
    assert act(lambda pivot: pivot.collection(collection)).images == 0
    act(lambda pivot: pivot.delete_collection(collection))
    with pytest.raises(NotFound, match=collection):
        act(lambda pivot: pivot.collection(collection))
    with pytest.raises(Invalid, match="cannot name a collection"):
        act(lambda pivot: pivot.create_collection("No Name"))


def test_the_model_tells_of_itself(act: Act) -> None:
    assert act(lambda pivot: pivot.model()).dim == 3
