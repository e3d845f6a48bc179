"""Vectors as OpenAI's own client asks for them."""

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
import openai
import pytest

from tests.service.pictures import RED, plain
from tests.service.serving import Service

URI = f"data:image/png;base64,{base64.b64encode(plain(RED)).decode()}"


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=f"{service.client.base_url}/v1", api_key="none", max_retries=0, timeout=60
    ) as client:
        yield client


def rows(answer: openai.types.CreateEmbeddingResponse) -> list[Any]:
    return [one.embedding for one in answer.data]


def test_the_client_gets_vectors_of_texts_in_their_order(service: Service, client: openai.OpenAI) -> None:
    answer = client.embeddings.create(input=["rot", "blue", "red"], model="colours-1")
    expected = service.encoder.embed_texts(["rot", "blue", "red"], ["de", "en", "en"])
    np.testing.assert_array_equal(np.array(rows(answer), np.float32), expected)
    assert [one.index for one in answer.data] == [0, 1, 2]
    assert (answer.model, answer.object, answer.usage.total_tokens) == ("colours-1", "list", 0)


def test_both_encodings_are_the_same_numbers(client: openai.OpenAI) -> None:
    numbers, coded = (
        rows(client.embeddings.create(input="red", model="colours-1", encoding_format=encoding))[0]
        for encoding in ("float", "base64")
    )
    decoded = np.frombuffer(base64.b64decode(coded), "<f4") if isinstance(coded, str) else coded
    np.testing.assert_array_equal(np.array(numbers, np.float32), np.array(decoded, np.float32))


def test_many_texts_leave_room_for_searches(service: Service, client: openai.OpenAI) -> None:
    before = len(service.encoder.text_batches)
    answer = client.embeddings.create(input=[f"number {n} red" for n in range(300)], model="colours-1")
    assert len(answer.data) == 300
    assert max(service.encoder.text_batches[before:]) <= 32


def test_images_are_taken_beside_texts(service: Service) -> None:
    body = {"input": ["red", {"image": URI}], "dimensions": 3, "user": "somebody"}
    answer = service.client.post("/v1/embeddings", json=body)
    text, image = (one["embedding"] for one in answer.json()["data"])
    assert image == pytest.approx(text)
    alone = service.client.post("/v1/embeddings", json={"input": {"image": URI}})
    assert alone.json()["data"][0]["embedding"] == image


def test_another_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        client.embeddings.create(input="red", model="text-embedding-3-small")
    assert raised.value.code == "unknown-model"
    assert raised.value.param == "model"
    assert "colours-1" in raised.value.message
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("text-embedding-3-small")


def test_the_model_that_serves_is_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["colours-1"]
    assert client.models.retrieve("colours-1").owned_by == "pivot"


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"input": [1, 2]}, "input", "invalid-request"),
        ({"input": [[1, 2], [3]]}, "input", "invalid-request"),
        ({"input": []}, "input", "invalid-request"),
        ({"input": ["red"] * 2049}, "input", "invalid-request"),
        ({"input": [{"picture": URI}]}, "input", "invalid-request"),
        ({"input": None}, "input", "invalid-request"),
        ({}, "input", "invalid-request"),
        ({"input": "red", "encoding_format": "int8"}, "encoding_format", "invalid-request"),
        ({"input": "red", "colour": 1}, "colour", "invalid-request"),
        ({"input": "red", "dimensions": 2}, "dimensions", "wrong-dimensions"),
        ({"input": "red", "dimensions": 0}, "dimensions", "wrong-dimensions"),
        ({"input": ["red", ""]}, "input[1]", "query-empty"),
        ({"input": ["red", "ᚠᚢᚦ"]}, "input[1]", "query-unreadable"),
        ({"input": "a" * 1001}, "input", "query-too-long"),
        ({"input": ["red", {"image": "?"}]}, "input[1]", "bad-image-text"),
    ],
)
def test_what_cannot_be_embedded_is_told_as_openai_does(
    service: Service, body: dict[str, Any], param: str, code: str
) -> None:
    answer = service.client.post("/v1/embeddings", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert (error["param"], error["code"]) == (param, code)
    assert error["message"]
    assert answer.json()["type"] == f"urn:pivot:{code}"


def test_a_file_that_is_no_image_is_told_with_its_place(service: Service) -> None:
    answer = service.client.post("/v1/embeddings", json={"input": ["red", {"image": "aaaa"}]})
    assert (answer.status_code, answer.json()["error"]["param"]) == (415, "input[1]")


def test_what_never_reaches_the_route_is_told_as_openai_does_too(service: Service) -> None:
    answer = service.client.post("/v1/embeddings", json={"input": "red"}, headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (421, "unknown-host")


def test_elsewhere_problems_stay_as_they_are(service: Service) -> None:
    answer = service.client.post("/v1/collections/default/search", json={})
    assert answer.status_code == 422
    assert "error" not in answer.json()
