"""Clients of a service that asks for a key."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from service.client import Busy, Forbidden, Invalid, KeyNeeded, NotFound, Pivot
from tests.service.client.driving import Driver
from tests.service.serving import serving


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("closed")) as service:
        yield str(service.client.base_url)


@pytest.fixture(scope="module")
def admin(url: str) -> str:
    with Pivot(url) as pivot:
        return pivot.create_key("admin", scope="admin").secret


def test_who_has_no_key_or_too_small_a_one_is_told(drive: Driver, url: str, admin: str) -> None:
    reader = drive(
        lambda pivot: pivot.create_key("reader", scope="read", collections=["default"]), url, key=admin
    )
    assert reader.secret not in repr(reader)
    for key in (None, "pvt_1_wrong"):
        with pytest.raises(KeyNeeded):
            drive(lambda pivot: pivot.images(), url, key=key)
    assert drive(lambda pivot: pivot.images(), url, key=reader.secret).images == []
    with pytest.raises(Forbidden):
        drive(lambda pivot: pivot.delete_images(ids=[1]), url, key=reader.secret)


def test_keys_are_made_listed_and_revoked(drive: Driver, url: str, admin: str) -> None:
    ends = datetime.now(UTC) + timedelta(days=1)
    made = drive(
        lambda pivot: pivot.create_key("import", scope="write", rate=1, expires_at=ends), url, key=admin
    )
    assert (made.name, made.scope, made.collections, made.rate) == ("import", "write", None, 1)
    assert datetime.fromisoformat(made.expires_at) - ends < timedelta(seconds=1)
    listed = drive(lambda pivot: pivot.each_key(limit=1), url, key=admin)
    assert (listed[0].name, listed[-1].id) == ("admin", made.id)
    assert drive(lambda pivot: pivot.model(), url, key=made.secret).dim == 3
    with pytest.raises(Busy, match="1 request"):
        drive(lambda pivot: pivot.model(), url, key=made.secret, retries=0)
    drive(lambda pivot: pivot.revoke_key(made.id), url, key=admin)
    assert drive(lambda pivot: pivot.key(made.id), url, key=admin).revoked_at is not None
    with pytest.raises(KeyNeeded):
        drive(lambda pivot: pivot.model(), url, key=made.secret)
    with pytest.raises(NotFound):
        drive(lambda pivot: pivot.revoke_key(made.id), url, key=admin)
    with pytest.raises(Invalid):
        drive(lambda pivot: pivot.create_key("", scope="read"), url, key=admin)
