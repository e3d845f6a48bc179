from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from model.similarity import Scoring, score
from model.training import recall
from model.training.recall import Recall, image_to_text, text_to_image

IMAGES = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
TEXTS = torch.tensor([[0.8, 0.6], [0.0, 1.0], [1.0, 0.0], [0.6, 0.8]])
OWNERS = torch.tensor([0, 1, 1, 2])
# Inner products, a row a text: (.8 .6 .96), (0 1 .8), (1 0 .6), (.6 .8 1).


def test_text_to_image_by_hand() -> None:
    assert text_to_image(IMAGES, TEXTS, OWNERS, "symmetric").tolist() == [2, 1, 3, 1]


def test_image_to_text_takes_the_best_of_the_images_texts_by_hand() -> None:
    # Image 0: text 0 scores .8, text 2 scores 1. Image 1: text 1 scores 1. Image 2: text 3 scores 1.
    assert image_to_text(IMAGES, TEXTS, OWNERS, "symmetric").tolist() == [2, 1, 1]


def test_images_without_a_text_are_found_but_do_not_search() -> None:
    owners = torch.tensor([0, 1, 1, 1])

    assert len(text_to_image(IMAGES, TEXTS, owners, "symmetric")) == 4
    assert len(image_to_text(IMAGES, TEXTS, owners, "symmetric")) == 2


def test_a_model_that_scores_everything_alike_gains_nothing() -> None:
    images, texts = torch.ones(5, 1), torch.ones(5, 1)
    owners = torch.arange(5)

    assert text_to_image(images, texts, owners, "symmetric").tolist() == [1, 2, 3, 4, 5]
    assert image_to_text(images, texts, owners, "symmetric").tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("scoring", ["symmetric", "asymmetric"])
def test_blocks_agree_with_sorting_everything(scoring: Scoring, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(0)
    images, texts = (F.normalize(torch.rand(n, 8, generator=generator), dim=1) for n in (20, 50))
    owners = torch.randint(0, 20, (50,), generator=generator)
    monkeypatch.setattr(recall, "TEXTS_AT_ONCE", 7)

    scores = score(images, texts, scoring)
    sorted_images = scores.argsort(dim=0, descending=True, stable=True)
    sorted_texts = scores.argsort(dim=1, descending=True, stable=True)
    expected_images = [
        1 + sorted_images[:, text].tolist().index(owner) for text, owner in enumerate(owners.tolist())
    ]
    expected_texts = [
        1 + min(place for place, text in enumerate(sorted_texts[image].tolist()) if owners[text] == image)
        for image in sorted(set(owners.tolist()))
    ]

    assert text_to_image(images, texts, owners, scoring).tolist() == expected_images
    assert image_to_text(images, texts, owners, scoring).tolist() == expected_texts


def test_recall_by_hand() -> None:
    ranks = text_to_image(IMAGES, TEXTS, OWNERS, "symmetric")

    assert Recall.of(ranks) == Recall(r1=50.0, r5=100.0, r10=100.0, median_rank=1.5)
