"""The checkpoint that ships, as the service uses it."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from sklearn.datasets import load_sample_image

from model.encoder import Encoder, Rows
from model.likeness import QUIET

PHOTOS = {
    "chelsea.png": "cat",
    "coffee.png": "coffee",
    "rocket.jpg": "rocket",
    "motorcycle_left.png": "motorcycle",
}


SHARED = 386  # and the coordinate of images, and that of texts


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load()


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    shipped = [Image.open(Path(skimage.data.data_dir) / name).convert("RGB") for name in PHOTOS]
    return [*shipped, Image.fromarray(load_sample_image("flower.jpg"))]


def assert_rows(rows: Rows, count: int, dim: int) -> None:
    assert rows.shape == (count, dim)
    assert rows.dtype == np.float32
    assert (rows[:, :SHARED] >= 0).all()
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_rows_are_unit_and_non_negative_where_towers_meet(
    encoder: Encoder, photos: list[Image.Image]
) -> None:
    assert_rows(encoder.embed_images(photos), len(photos), encoder.dim)
    assert_rows(encoder.embed_texts(["a dog", "ein Hund", "ግመል", ""]), 4, encoder.dim)
    assert_rows(encoder.embed_images([]), 0, encoder.dim)
    assert_rows(encoder.embed_texts([]), 0, encoder.dim)


def test_a_query_scores_photos_as_its_text_does_and_captions_by_what_both_find(
    encoder: Encoder, photos: list[Image.Image]
) -> None:
    rows, captions = encoder.embed_images(photos), encoder.embed_texts(["ein Hund im Schnee", "a boat"])
    text = encoder.embed_texts(["a dog in the snow"])[0]
    query = encoder.as_query(text)
    np.testing.assert_allclose(np.linalg.norm(query), 1, atol=1e-5)
    np.testing.assert_allclose(rows @ query, rows @ text, atol=1e-5)
    found, read = captions[:, :SHARED] @ text[:SHARED], captions[:, SHARED:] @ text[SHARED:]
    np.testing.assert_allclose(captions @ query, found + QUIET * read, atol=1e-5)
    assert (captions @ query)[0] > (captions @ query)[1]


def test_an_item_is_embedded_alike_alone_and_among_others(
    encoder: Encoder, photos: list[Image.Image]
) -> None:
    texts = ["a cat", "eine lange Beschreibung, die von fast allem handelt, was es so gibt", "x"] * 20

    together, alone = (
        encoder.embed_texts(texts),
        np.concatenate([encoder.embed_texts([text]) for text in texts]),
    )

    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(encoder.embed_images(photos)[:1], encoder.embed_images(photos[:1]), atol=1e-5)


@pytest.mark.parametrize(
    "queries",
    [
        ["a cat", "a cup of coffee", "a rocket", "a motorcycle", "a pink flower"],
        ["eine Katze", "eine Tasse Kaffee", "eine Rakete", "ein Motorrad", "eine Blume"],
    ],
)
def test_each_query_finds_its_photo(encoder: Encoder, photos: list[Image.Image], queries: list[str]) -> None:
    scores = encoder.embed_texts(queries) @ encoder.embed_images(photos).T

    assert scores.argmax(axis=1).tolist() == list(range(len(photos)))


def test_threads_do_not_disturb_each_other(encoder: Encoder) -> None:
    texts = [f"{number} dogs in the park" for number in range(8)]
    expected = encoder.embed_texts(texts)
    rows: dict[int, Rows] = {}

    def embed(number: int) -> None:
        rows[number] = encoder.embed_texts([texts[number]])

    threads = [threading.Thread(target=embed, args=(number,)) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    np.testing.assert_allclose(
        np.concatenate([rows[number] for number in range(len(texts))]), expected, atol=1e-5
    )


def test_a_wrong_guess_of_the_language_does_no_harm(encoder: Encoder) -> None:
    np.testing.assert_array_equal(
        encoder.embed_texts(["Gift"], ["de"]), encoder.embed_texts(["Gift"], ["en"])
    )
