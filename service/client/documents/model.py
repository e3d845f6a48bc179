"""The model, and the vectors that it makes."""

from typing import Literal

from service.client.documents import Document


class Model(Document):
    version: str
    dim: int
    scoring: Literal["symmetric", "asymmetric"]
    languages: list[str]


class Embedding(Document):
    index: int
    embedding: list[float]


class Embeddings(Document):
    data: list[Embedding]
    model: str
