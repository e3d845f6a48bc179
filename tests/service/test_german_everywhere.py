"""What a German caller reads, from the outside: no reason, however deep it comes from, stays English."""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pytest

from index.bundle import FORMAT, VERSION
from service.fetch import Fetcher, Network
from tests.service.jobs.packing import events, finished, tarred
from tests.service.pictures import BLUE, RED, plain
from tests.service.serving import Service, serving

IMAGES: Final = "/v1/collections/default/images"
SEARCH: Final = "/v1/collections/default/search"
ENGLISH: Final = re.compile(
    r"\b(the|is|it|its|has|of|not|with|give|should|must|be|to|no|or|and|at|cannot|expected|invalid|while)\b",
    re.IGNORECASE,
)
QUOTED: Final = re.compile(r"`[^`]*`|„[^“]*“|'[^']*'|\"[^\"]*\"|GET /\S*")


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose caller reads German, with two images."""

    def resolve(name: str, _: int) -> list[str]:
        if name == "nowhere.example":
            raise OSError("gone")
        return ["10.0.0.1"]

    fetcher = Fetcher(1000, network=Network(resolve))
    with serving(tmp_path_factory.mktemp("german"), fetcher=fetcher) as service:
        service.client.headers["Accept-Language"] = "de"
        files = [("files", (name, plain(colour))) for name, colour in (("red.png", RED), ("blue.png", BLUE))]
        captions = json.dumps([[{"language": "de", "text": "rot"}], []])
        told = {"captions": captions, "external_ids": json.dumps(["r-1", None])}
        service.client.post(IMAGES, files=files, data=told).raise_for_status()
        yield service


def reasons(document: Any) -> Iterator[str]:
    """All that people read in problems, however deep these lie."""
    match document:
        case {"detail": _, "title": _}:
            yield from (document[name] for name in ("title", "detail", "remedy") if document.get(name))
            yield from reasons(document.get("errors"))
            yield from reasons(document.get("items"))
        case {"detail": str(detail)}:
            yield detail
        case {"error": {"message": str(message)}}:
            yield message
        case dict():
            for value in document.values():
                yield from reasons(value)
        case list():
            for value in document:
                yield from reasons(value)


def assert_german(document: Any) -> None:
    found = list(reasons(document))
    assert found, document
    for one in found:
        english = ENGLISH.search(QUOTED.sub("", one))
        assert english is None, f"{english and english[0]!r} in {one!r}"


BODIES: Final[Mapping[tuple[str, str], Sequence[str | bytes]]] = {
    ("POST", SEARCH): (
        "", "{", "[", '{"q"', '{"q": }', "{'q': 1}", '{"q": "a",}', '{"q": "a"} x', '{"q": "\\x"}',
        '{"q": "\n"}', "nul", b'{"q": "\xff"}', "[" * 100_000, "[]", "null", '"q"', "{}", '{"q": 1}',
        '{"q": ""}', '{"q": "a", "k": 0}', '{"q": "a", "k": "x"}', '{"q": "a", "k": 1.5}',
        '{"q": "a", "kk": 1}', '{"q": "a", "language": "?"}', '{"q": "a", "scoring": "best"}',
        '{"q": "a", "exact": "perhaps"}', '{"q": "a", "image_id": 1}', '{"image_id": 99}',
        '{"image": "???"}', '{"image": "aGFsbG8="}', '{"q": "\\ud800"}', '{"q": "a", "min_score": "x"}',
        '{"parts": []}', '{"parts": [{"q": "a", "weight": 0}]}', '{"parts": [{"weight": 1}]}',
        '{"q": "a", "cursor": "x"}', '{"parts": [{"q": "a"}], "language": "de"}',
        '{"q": "a", "fields": ["nothing"]}', '{"q": "a", "captions": 7}', '{"q": "a", "min_score": NaN}',
        '{"q": "' + "a" * 5000 + '"}', '{"q": "a", "offset": -1}', '{"q": "a", "filter": 1}',
        '{"q": "a", "filter": {}}', '{"q": "a", "filter": {"and": []}}', '{"q": "a", "filter": {"and": 1}}',
        '{"q": "a", "filter": {"field": "width"}}', '{"q": "a", "filter": {"field": 1}}',
        '{"q": "a", "filter": {"field": "width", "gt": "x"}}',
        '{"q": "a", "filter": {"field": "width", "near": 1}}',
        '{"q": "a", "filter": {"field": "nothing", "eq": 1}}',
        '{"q": "a", "filter": {"field": "created_at", "gt": "x"}}',
        '{"q": "a", "filter": {"field": "metadata.a", "eq": [1]}}',
        '{"q": "a", "filter": {"field": "captions", "language": "?"}}', '{"q": "a", "filter": {"not": 1}}',
        '{"q": "a", "filter": {"field": "format", "in": 1}}',
        '{"q": "a", "filter": {"field": "filename", "prefix": ""}}',
        '{"q": "a", "filter": {"field": "width", "gt": 99999999999999999999}}',
        '{"q": "a", "filter": {"field": "width", "exists": 1}}',
        '{"q": "a", "filter": {"field": "external_id", "gt": true}}',
    ),
    ("POST", f"{SEARCH}/batch"): (
        '{"searches": []}', '{"searches": [{"q": ""}]}', '{"searches": [{"q": "a", "k": 0}]}',
    ),
    ("POST", f"{SEARCH}/captions"): (
        "{}", '{"image_id": 99}',
    ),
    ("POST", f"{IMAGES}/delete"): (
        "{}", '{"ids": ["x"]}', '{"filter": {"field": "x"}}',
    ),
    ("POST", IMAGES): (
        "{}", '{"images": []}', '{"images": [{}]}', '{"images": [{"data": "???"}]}',
        '{"images": [{"url": "x", "data": "x"}]}',
        '{"images": [{"url": "http://u:p@a.example/a"}, {"url": "http://nowhere.example/a"}, {"url": "ht'
        'tp://b.example/a"}, {"url": "http://c.example:22/"}, {"url": "file:///etc/passwd"}, {"url": "ht'
        'tp://"}, {"data": "aGFsbG8="}]}',
        '{"images": [{"data": "aGFsbG8=", "captions": [{"text": ""}]}]}',
        '{"images": [{"data": "a", "captions": [{"language": "?", "text": "a"}]}]}',
        '{"images": [{"data": "a", "external_id": ""}]}', '{"images": [{"data": "a", "metadata": 1}]}',
        '{"images": [{"data": "aGFsbG8=", "captions": [{"text": "a\\u0000"}]}]}',
    ),
    ("PATCH", f"{IMAGES}/1"): (
        '{"metadata": 1}', '{"external_id": ""}', '{"filename": ""}', '{"captions": [{"text": ""}]}',
        '{"nothing": 1}', '{"external_id": "a\\u0000"}', '{"metadata": {"a": "' + "a" * 70_000 + '"}}',
        '{"captions": 1}', "[]",
    ),
    ("PATCH", f"{IMAGES}/2"): (
        '{"external_id": "r-1"}',
    ),
    ("POST", "/v1/collections"): (
        '{"name": "No Name"}', '{"name": "default"}', "{}", "",
    ),
    ("PATCH", "/v1/collections/default"): (
        '{"name": "other"}',
    ),
    ("POST", "/v1/collections/default/imports"): (
        "{}", '{"folder": "/", "urls": []}', '{"folder": "/"}', '{"urls": []}', '{"urls": [1]}', "{",
    ),
    ("POST", "/v1/keys"): (
        '{"name": "", "scope": "all", "rate": 0}',
        '{"name": "a", "scope": "read", "expires_at": "2020-01-01T00:00Z"}',
        '{"name": "a", "scope": "read", "expires_at": "2920-01-01T00:00"}',
        '{"name": "a", "scope": "read", "expires_at": "soon"}',
        '{"name": "a", "scope": "read", "collections": ["No Name"]}',
        '{"name": "a", "scope": "read", "collections": []}',
    ),
    ("POST", "/v1/embeddings"): (
        "{}", '{"input": []}', '{"input": [1]}', '{"input": "a", "model": "x"}',
        '{"input": "a", "model": "colours-1", "dimensions": 9}',
        '{"input": "a", "encoding_format": "x", "model": "colours-1"}',
        '{"input": [{"image": "x"}], "model": "colours-1"}', "{",
    ),
    ("POST", "/v1/session"): (
        '{"key": "x"}',
    ),
}  # fmt: skip
ADDRESSES: Final[Mapping[str, Sequence[str]]] = {
    "GET": (
        "/v1/nowhere", "/v1/keys/9", "/v1/keys/0", "/v1/keys/x", "/v1/keys?limit=0", "/v1/keys?cursor=x",
        "/v1/jobs/9999", "/v1/jobs/x", "/v1/jobs?state=x", "/v1/jobs?limit=x", "/v1/collections/none",
        "/v1/collections/none/images", "/v1/collections/default/images/99",
        "/v1/collections/default/images/x", "/v1/collections/default/images?limit=0",
        "/v1/collections/default/images?cursor=x", "/v1/collections/default/images?sort=x",
        "/v1/collections/default/images?filter=x", "/v1/collections/default/images?filter={}",
        "/v1/collections/default/search?q=", "/v1/collections/default/search?q=a&k=x",
        "/v1/collections/default/search", "/v1/collections/default/duplicates?kind=x",
        "/v1/collections/default/duplicates?kind=exact&threshold=1",
        "/v1/collections/default/duplicates?kind=near&threshold=1.5",
        "/v1/collections/default/duplicates?kind=similar&threshold=7", "/v1/models/none",
    ),
    "DELETE": (
        "/v1/keys/7", "/v1/collections/default/images/99", "/v1/collections/none",
    ),
    "PUT": (
        "/v1/keys",
    ),
}  # fmt: skip
WRONG: Final = [
    *((*where, body) for where, bodies in BODIES.items() for body in bodies),
    *((method, path, "") for method, paths in ADDRESSES.items() for path in paths),
]


@pytest.mark.parametrize(("method", "path", "body"), WRONG, ids=lambda value: str(value)[:60])
def test_whatever_is_wrong_with_a_request_is_told_in_german(
    german: Service, method: str, path: str, body: str | bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    content = body.encode(errors="surrogatepass") if isinstance(body, str) else body
    answer = german.client.request(method, path, content=content, headers=headers)
    assert_german(answer.json())


FIELDS: Final[Mapping[str, Sequence[str]]] = {
    "metadata": (
        "{", "", "7", "[7]", "[{}, {}]", '{"a": NaN}', '{"a": "' + "a" * 70_000 + '"}', "{'a': 1}",
        '{"a": 1,}', '{"a": 1} x', '{"a": 01}', '{"a": "\\x"}', '{"a": "\\ud800"}', '{"a": "\n"}', '["a"',
        "[" * 1000, '{"a" 1}', '{"a": 1 "b"}', "[1 2]", '{"a": "',
    ),
    "captions": ("{", "[[], []]", '[{"text": ""}]', '[{"text": 1}]'),
    "external_ids": ("{", "[1]", '[""]'),
    "nothing": ("x",),
}  # fmt: skip
IMPORTS: Final = "/v1/collections/default/imports"
FORMS: Final[Sequence[tuple[str, dict[str, Any]]]] = (
    (IMAGES, {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}),
    (IMAGES, {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=a"}}),
    (IMAGES, {"content": b"x", "headers": {"Content-Type": "text/plain"}}),
    (IMAGES, {"content": b"x"}),
    (IMAGES, {"files": {"other": ("a", b"a")}}),
    (IMAGES, {"files": {"files": (None, "text")}}),
    *(
        (IMAGES, {"files": {"files": ("a", b"a")}, "data": {name: value}})
        for name, values in FIELDS.items()
        for value in values
    ),
    (f"{SEARCH}/image", {"files": {"file": ("a", b"a")}}),
    (f"{SEARCH}/image", {"files": {"other": ("a", b"a")}}),
    (IMPORTS, {"files": {"archive": ("a", b"no archive")}}),
    (IMPORTS, {"files": {"archive": ("a", b"PK\x03\x04")}}),
    (IMPORTS, {"files": {"other": ("a", b"a")}}),
)


@pytest.mark.parametrize(("path", "sent"), FORMS, ids=lambda value: str(value)[:60])
def test_whatever_is_wrong_with_a_form_is_told_in_german(
    german: Service, path: str, sent: dict[str, Any]
) -> None:
    assert_german(german.client.post(path, **sent).json())


def spoilt(name: str, spoil: Any) -> bytes:
    """A bundle of one image, with a file that is something else."""
    line = {
        "sha256": "a" * 64, "filename": "a", "format": "png", "width": 1, "height": 1, "bytes": 1,
        "metadata": {}, "created_at": "2026-01-31T12:00:00.000Z", "captions": [],
    }  # fmt: skip
    models = [{"model_version": "colours-1", "dim": 3}]
    manifest = {
        "format": FORMAT, "version": VERSION, "name": "a", "created_at": line["created_at"], "images": 1,
        "captions": 0, "models": models,
    }  # fmt: skip
    rows = io.BytesIO()
    np.save(rows, np.eye(1, 3, dtype=np.float32))
    files = {
        "collection.json": json.dumps(manifest).encode(),
        "images.jsonl": json.dumps(line).encode() + b"\n",
        "vectors-1.npy": rows.getvalue(),
        f"originals/{'a' * 64}.png": b"a",
    }
    content = spoil(json.loads(files[name])) if name.startswith(("collection", "images")) else spoil
    kept = files | {name: content if isinstance(content, bytes) else json.dumps(content).encode()}
    return tarred({name: data for name, data in kept.items() if data})


def npy(rows: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, np.asarray(rows))
    return out.getvalue()


BUNDLES: Final = {
    "none": ("images.jsonl", lambda line: line),
    "a manifest of another": ("collection.json", lambda told: told | {"version": 2}),
    "a manifest that is none": ("collection.json", lambda _: [1]),
    "no JSON": ("collection.json", lambda _: b"{"),
    "no number": ("collection.json", lambda _: b'{"a": NaN}'),
    "a long number": ("collection.json", lambda _: b'{"a": ' + b"1" * 5000 + b"}"),
    "deep": ("collection.json", lambda _: b"[" * 100_000),
    "no text": ("collection.json", lambda _: b"\xff"),
    "too large": ("collection.json", lambda _: b" " * 2**21),
    "a count": ("collection.json", lambda told: told | {"images": 2}),
    "captions": ("collection.json", lambda told: told | {"captions": 2}),
    "a kind": ("collection.json", lambda told: told | {"images": "x"}),
    "a lack": ("collection.json", lambda told: told | {"models": [{}]}),
    "a dimension": ("collection.json", lambda told: told | {"models": [{"model_version": "x", "dim": 7}]}),
    "a stranger": ("images.jsonl", lambda line: line | {"more": 1}),
    "a lost member": ("images.jsonl", lambda line: {"sha256": line["sha256"]}),
    "a wrong name": ("images.jsonl", lambda line: line | {"sha256": "../x"}),
    "a wrong time": ("images.jsonl", lambda line: line | {"created_at": "soon"}),
    "a wrong kind": ("images.jsonl", lambda line: line | {"width": "wide"}),
    "a surrogate": ("images.jsonl", lambda line: line | {"filename": "\ud800"}),
    "a caption": ("images.jsonl", lambda line: line | {"captions": [{}]}),
    "a language": ("images.jsonl", lambda line: line | {
        "captions": [{"language": "?", "text": "a", "created_at": line["created_at"]}]
    }),
    "an external id": ("images.jsonl", lambda line: line | {"external_id": ""}),
    "no UTF-8": ("images.jsonl", lambda _: b"\xff\n"),
    "an empty line": ("images.jsonl", lambda _: b"\n"),
    "half a line": ("images.jsonl", lambda _: b'{"a": 1'),
    "no vectors": ("vectors-1.npy", b""),
    "no rows": ("vectors-1.npy", b"no rows"),
    "objects": ("vectors-1.npy", npy([{}])),
    "half the rows": ("vectors-1.npy", npy(np.eye(1, 3, dtype=np.float32))[:-3]),
    "other rows": ("vectors-1.npy", npy(np.eye(3))),
    "long rows": ("vectors-1.npy", npy(np.full((1, 3), 7, np.float32))),
    "no numbers": ("vectors-1.npy", npy(np.full((1, 3), np.nan, np.float32))),
    "no original": (f"originals/{'a' * 64}.png", b""),
}  # fmt: skip


def told(service: Service, sent: dict[str, Any]) -> list[Any]:
    """A job that fails, or its items that do; the events have to tell the same."""
    answer = service.client.post(IMPORTS, **sent)
    assert answer.status_code == 202, answer.text
    id = answer.json()["id"]
    job = finished(service.client, id)
    items = service.client.get(f"/v1/jobs/{id}/items", params={"status": "failed"}).json()["items"]
    heard = [data for _, _, data in events(service.client.get(f"/v1/jobs/{id}/events").text)]
    assert [one["error"] for one in heard if one.get("error")] == [
        one["error"] for one in (*items, job) if one.get("error")
    ]
    return [one["error"] for one in (*items, job) if one["error"]]


@pytest.mark.parametrize("bundle", BUNDLES)
def test_whatever_is_wrong_with_a_bundle_is_told_in_german(german: Service, bundle: str) -> None:
    problems = told(german, {"files": {"archive": ("a.tar", spoilt(*BUNDLES[bundle]))}})
    assert_german(problems)
    assert str(german.folder) not in json.dumps(problems)


def hostile_zip() -> bytes:
    """One entry for each reason not to read it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("../out.png", "inner.zip", "none.png", "empty.png", "damaged.png"):
            archive.writestr(name, b"PK" * ("empty" not in name))
        archive.writestr("packed.png", b"x", zipfile.ZIP_BZIP2)
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        locked = zipfile.ZipInfo("locked.png")
        archive.writestr(locked, b"x")
        locked.flag_bits |= 1
    return out.getvalue()


def test_the_items_of_a_job_are_told_in_german(german: Service) -> None:
    problems = told(german, {"files": {"archive": ("a.zip", hostile_zip())}})
    assert len({one["detail"] for one in problems}) >= 5
    assert_german(problems)
    urls = [
        "http://10.0.0.1/a",
        "http://nowhere.example/a",
        "http://u:p@a.example/",
        "x",
        "http://c.example:22/",
    ]
    problems = told(german, {"json": {"urls": [*urls, "http://" + "a" * 5000]}})
    assert len({one["detail"] for one in problems}) >= 5
    assert_german(problems)
