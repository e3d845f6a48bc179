from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from model.similarity import Scoring
from model.training.loss import Described, pivot_loss, ranking_loss


def literal(
    scores: Tensor, owners: list[int], wordings: list[int], margin: float, temperature: float | None
) -> float:
    """The formula as it stands in the module's docstring, one pair at a time."""

    def stranger(image: int, caption: int) -> bool:
        return not any(o == image and w == wordings[caption] for o, w in zip(owners, wordings, strict=True))

    total = 0.0
    for caption, image in enumerate(owners):
        own = scores[image, caption].item()
        images, texts = range(len(scores)), range(len(owners))
        worse_images = [scores[other, caption].item() for other in images if stranger(other, caption)]
        worse_texts = [scores[image, other].item() for other in texts if stranger(image, other)]
        for negatives in (worse_images, worse_texts):
            leads = [margin - own + score for score in negatives]
            if temperature is None:
                total += sum(max(0.0, lead) for lead in leads)
            else:
                total += temperature * math.log1p(sum(math.exp(lead / temperature) for lead in leads))
    return total / len(owners)


def test_the_worked_example() -> None:
    scores = torch.tensor([[0.9, 0.8], [0.3, 0.7]])

    assert ranking_loss(scores, torch.tensor([0, 1]), torch.tensor([0, 1]), 0.2).item() == pytest.approx(0.2)


@pytest.mark.parametrize("temperature", [None, 0.05, 1.0])
@pytest.mark.parametrize(
    ("owners", "wordings"),
    [
        ([0, 1, 2, 3], [0, 1, 2, 3]),
        ([0, 0, 1, 3, 3, 3], [0, 1, 2, 3, 4, 5]),
        ([0, 0, 1, 3, 3, 3], [0, 1, 0, 2, 1, 3]),
        ([2], [0]),
    ],
)
def test_fast_equals_literal(owners: list[int], wordings: list[int], temperature: float | None) -> None:
    scores = torch.rand(4, len(owners), generator=torch.Generator().manual_seed(len(owners)))

    fast = ranking_loss(scores, torch.tensor(owners), torch.tensor(wordings), 0.2, temperature)

    assert fast.item() == pytest.approx(literal(scores, owners, wordings, 0.2, temperature), rel=1e-5)


def test_a_vanishing_temperature_leaves_the_hardest_negative() -> None:
    scores = torch.tensor([[0.5, 0.1], [0.6, 0.9], [0.4, 0.2]])

    smooth = ranking_loss(scores, torch.tensor([0, 1]), torch.tensor([0, 1]), 0.2, temperature=1e-4)

    assert smooth.item() == pytest.approx((0.3 + 0.0 + 0.0 + 0.0) / 2, abs=1e-3)


def test_captions_of_one_image_are_no_negatives_of_each_other() -> None:
    scores = torch.tensor([[0.1, 0.9]])

    assert ranking_loss(scores, torch.tensor([0, 0]), torch.tensor([0, 1]), 0.2).item() == 0


def test_captions_of_one_wording_fit_each_others_images() -> None:
    scores = torch.tensor([[0.5, 0.9], [0.9, 0.5]])

    assert ranking_loss(scores, torch.tensor([0, 1]), torch.tensor([0, 0]), 0.2).item() == 0


@pytest.mark.parametrize("scoring", ["symmetric", "asymmetric"])
def test_pivot_adds_up_the_languages_and_never_compares_them(scoring: Scoring) -> None:
    generator = torch.Generator().manual_seed(0)
    images, english, german = (F.normalize(torch.rand(n, 6, generator=generator), dim=1) for n in (3, 3, 2))
    texts = [
        Described(english, torch.tensor([0, 1, 2]), torch.tensor([0, 1, 2])),
        Described(german, torch.tensor([1, 2]), torch.tensor([0, 1])),
    ]

    together = pivot_loss(images, texts, scoring=scoring, margin=0.2)
    apart = [pivot_loss(images, [text], scoring=scoring, margin=0.2) for text in texts]

    torch.testing.assert_close(together, apart[0] + apart[1])


@pytest.mark.parametrize("owners", [[0, 1, 2], [0, 0, 0]])
def test_gradients_are_finite_where_scores_tie_and_where_there_is_no_negative(owners: list[int]) -> None:
    scores = torch.zeros(max(owners) + 1, 3, requires_grad=True)

    ranking_loss(scores, torch.tensor(owners), torch.arange(3), 0.0, 0.05).backward()  # type: ignore[no-untyped-call]

    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()
