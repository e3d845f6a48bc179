"""The description of the API: it tells the truth, and what it shows as an example runs as it stands."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from service.access import rule_for
from service.problems import MEDIA_TYPE
from tests.service.describing import FILE, described
from tests.service.jobs.packing import zipped
from tests.service.pictures import BLUE, RED, plain
from tests.service.serving import Service, serving

Schema = dict[str, Any]
OF_UPLOADS = ("413", "415", "422")  # where each file has its item


class Operation(NamedTuple):
    method: str
    path: str
    description: dict[str, Any]


class Description:
    """An OpenAPI document, read from a running service."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.operations = [
            Operation(method, path, description)
            for path, methods in document["paths"].items()
            for method, description in methods.items()
        ]

    def resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def body_examples(self, operation: Operation) -> list[dict[str, Any]]:
        """Arguments for httpx: one for each example of the body; none at all where there is no body."""
        content = operation.description.get("requestBody", {}).get("content", {})
        bodies: list[dict[str, Any]] = []
        if "application/json" in content:
            examples = self.resolved(content["application/json"]["schema"]).get("examples", [])
            bodies += [{"json": example} for example in examples]
        if "multipart/form-data" in content:
            properties = self.resolved(content["multipart/form-data"]["schema"])["properties"]
            bodies.append(self._form(properties))
        return bodies or [{}]

    @staticmethod
    def _form(properties: dict[str, Schema]) -> dict[str, Any]:
        data = {name: one["examples"][0] for name, one in properties.items() if "examples" in one}
        if "archive" in properties:
            return {"files": {"archive": ("photos.zip", zipped({"photo.png": plain((9, 9, 9))}))}}
        file = next(name for name in properties if name in ("file", "files"))
        return {"data": data, "files": {file: ("photo.png", plain((9, 9, 9)))}}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("filled")) as service:
        files = [("files", ("red.png", plain(RED))), ("files", ("blue.png", plain(BLUE)))]
        assert service.client.post("/v1/collections/default/images", files=files).status_code == 201
        # An example makes a key: the service is to ask for one from the start. Another one is deleted.
        for name in ("admin", "other"):
            made = service.client.post("/v1/keys", json={"name": name, "scope": "admin"}).json()
            service.client.headers.setdefault("X-API-Key", made["secret"])
        service.library.gallery.create_collection("holidays")  # which an example renames
        yield service


@pytest.fixture(scope="module")
def description(filled: Service) -> Description:
    return Description(filled.client.get("/openapi.json").json())


def test_every_example_runs_as_it_stands(filled: Service, description: Description) -> None:
    deletions_last = sorted(description.operations, key=lambda one: (one.method == "delete", -len(one.path)))
    for operation in deletions_last:
        if operation.description["operationId"] == "start_session":
            continue  # no example of a key is one
        parameters = operation.description.get("parameters", [])
        examples = {
            one["name"]: one["schema"]["examples"][0] for one in parameters if "examples" in one["schema"]
        }
        if "{model}" in operation.path:
            examples["model"] = filled.encoder.version  # which no example could know
        named = {name: examples.pop(name) for name in re.findall(r"\{(\w+)\}", operation.path)}
        path = operation.path.format(**named)
        for body in description.body_examples(operation):
            answer = filled.client.request(operation.method, path, params=examples, **body)
            assert answer.is_success, (operation.method, path, answer.text)
            assert str(answer.status_code) in operation.description["responses"]
            assert_described(description, operation, answer)


def assert_described(description: Description, operation: Operation, answer: httpx.Response) -> None:
    """The answer has the members that its schema names, and no others."""
    content = operation.description["responses"][str(answer.status_code)].get("content", {})
    if "application/json" in content:
        schema = description.resolved(content["application/json"]["schema"])
        assert set(answer.json()) == set(schema["properties"])


def test_every_operation_is_named_and_explained(description: Description) -> None:
    names = [operation.description["operationId"] for operation in description.operations]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)
    assert all({"summary", "description", "tags"} <= set(one.description) for one in description.operations)


def test_the_names_that_clients_are_generated_from_stay(description: Description) -> None:
    assert sorted(operation.description["operationId"] for operation in description.operations) == [
        "add_images",
        "add_import",
        "cancel_job",
        "change_image",
        "create_collection",
        "create_key",
        "delete_collection",
        "delete_image",
        "delete_images",
        "describe_model",
        "embed",
        "end_session",
        "examine_store",
        "export_collection",
        "follow_job",
        "get_collection",
        "get_file",
        "get_image",
        "get_job",
        "get_key",
        "get_metrics",
        "get_model",
        "get_session",
        "get_thumbnail",
        "list_collections",
        "list_duplicates",
        "list_image_duplicates",
        "list_images",
        "list_items",
        "list_jobs",
        "list_keys",
        "list_models",
        "live",
        "ready",
        "rename_collection",
        "revoke_key",
        "search",
        "search_batch",
        "search_by_address",
        "search_by_image",
        "search_captions",
        "start_session",
    ]


def test_every_error_is_described_as_a_problem(description: Description) -> None:
    for operation in description.operations:
        responses = operation.description["responses"]
        assert "default" in responses
        for status, response in responses.items():
            if status == "default" or status >= "400":
                upload = operation.description["operationId"] == "add_images" and status in OF_UPLOADS
                model = "UploadProblem" if upload else "Problem"
                assert response["content"] == {
                    MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{model}"}}
                }


def test_a_failed_upload_has_every_member_that_its_description_requires(
    filled: Service, description: Description
) -> None:
    answer = filled.client.post(
        "/v1/collections/default/images", files=[("files", ("a", b"no image")), ("files", ("b", b""))]
    )
    operation = next(one for one in description.operations if one.description["operationId"] == "add_images")
    content = operation.description["responses"][str(answer.status_code)]["content"]
    problem = description.resolved(content[MEDIA_TYPE]["schema"])
    item = description.resolved({"$ref": "#/components/schemas/UploadItem"})
    assert set(problem["required"]) <= set(answer.json()) <= set(problem["properties"])
    assert all(set(one) == set(item["required"]) for one in answer.json()["items"])


def test_every_reference_leads_somewhere(description: Description) -> None:
    for name in re.findall(r"#/components/schemas/(\w+)", json.dumps(description.document)):
        assert name in description.document["components"]["schemas"]


def test_nothing_is_described_that_the_service_does_not_send(description: Description) -> None:
    assert not {"HTTPValidationError", "ValidationError"} & set(description.document["components"]["schemas"])


def test_what_asks_for_a_key_says_so_and_how_it_refuses(description: Description) -> None:
    for operation in description.operations:
        open_to_all = rule_for(operation.method.upper(), operation.path).scope is None
        assert (operation.description.get("security") == []) == open_to_all
        assert open_to_all or {"401", "403", "429"} <= set(operation.description["responses"])
    schemes = description.document["components"]["securitySchemes"]
    assert [set(one) & set(schemes) for one in description.document["security"]] == [
        *({name} for name in schemes),
        set(),
    ]


def test_the_description_in_docs_is_the_services() -> None:
    if FILE.read_text(encoding="utf-8") != described():
        pytest.fail(f"docs/{FILE.name} is not what the service tells. Run `make openapi`.")
