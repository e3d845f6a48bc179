from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from model.similarity import Scoring, score
from model.training.loss import Described, parallel_loss, pivot_loss, ranking_loss, relational_loss


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


def test_captions_may_be_as_alike_as_their_sentences() -> None:
    half = math.sqrt(0.5)
    rows = torch.tensor([[1.0, 0.0], [0.0, 1.0], [half, half]])
    alike = torch.tensor([[3.0, 0.0, 0.0], [0.0, 2.0, 0.0], [1.0, 1.0, 0.0]])
    opposite = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.1, 0.0], [0.0, 0.0, 1.0]])

    assert relational_loss(rows, alike).item() == pytest.approx(0, abs=1e-6)
    assert relational_loss(rows, opposite).item() == pytest.approx(2, abs=1e-2)
    assert relational_loss(rows, alike, least=0.9).item() == 1  # no pair is left


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_or_equal_captions_have_a_finite_gradient(count: int) -> None:
    rows = torch.full((count, 4), 0.5, requires_grad=True)

    relational_loss(rows, torch.ones(count, 3)).backward()  # type: ignore[no-untyped-call]

    assert rows.grad is not None
    assert torch.isfinite(rows.grad).all()


def captions(rows: list[list[float]], owners: list[int], wordings: list[int] | None = None) -> Described:
    numbers = list(range(len(owners))) if wordings is None else wordings
    return Described(torch.tensor(rows), torch.tensor(owners), torch.tensor(numbers))


AXES = [[1.0, 0.0], [0.0, 1.0]]
BETWEEN = [[0.8, 0.6], [0.6, 0.8]]


@pytest.mark.parametrize(("margin", "loss"), [(0.2, 0.0), (0.3, 0.2)])
def test_the_worked_example_of_parallel_captions(margin: float, loss: float) -> None:
    first, second = captions(AXES, [0, 1]), captions(BETWEEN, [0, 1])

    result = parallel_loss(first, second, scoring="symmetric", margin=margin)

    assert result.item() == pytest.approx(loss, abs=1e-6)


def test_the_asymmetric_parallel_loss_reads_each_caption_as_the_more_general_one() -> None:
    # (0.8, 0.6) beyond (1, 0): 0.36, and (1, 0) beyond (0.8, 0.6): 0.04. Of the negatives:
    # (0.8, 0.6) beyond (0, 1): 0.64, and (0, 1) beyond (0.8, 0.6): 0.16.
    # The pairs are 0.28 ahead in one reading, 0.12 in the other: with margin 0.2 that one costs 0.08 a hinge.
    first, second = captions(AXES, [0, 1]), captions(BETWEEN, [0, 1])

    there = parallel_loss(first, second, scoring="asymmetric", margin=0.2)
    back = parallel_loss(second, first, scoring="asymmetric", margin=0.2)

    assert there.item() == pytest.approx((0 + 2 * 0.08) / 2, abs=1e-6)
    assert back.item() == pytest.approx(there.item(), abs=1e-6)


def test_with_one_caption_an_image_the_parallel_loss_is_the_ranking_loss_of_the_two_languages() -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = (F.normalize(torch.rand(4, 6, generator=generator), dim=1) for _ in range(2))
    numbers = torch.arange(4)

    loss = parallel_loss(
        Described(first, numbers + 7, numbers),
        Described(second, numbers + 7, numbers),
        scoring="symmetric",
        margin=0.2,
        temperature=0.05,
    )

    scores = score(first, second, "symmetric")
    torch.testing.assert_close(loss, ranking_loss(scores, numbers, numbers, 0.2, 0.05))


def test_all_parallel_captions_of_an_image_are_paired_and_none_is_a_negative_of_another() -> None:
    # Owner 5 has captions a, b and x, y; owner 6 has z alone, a negative of the pairs (a, x) .. (b, y).
    # <a, x> = 1, <a, y> = 0, <b, x> = 0, <b, y> = 1; z = (0.6, 0.8): <a, z> = 0.6, <b, z> = 0.8.
    first = captions(AXES, [5, 5])
    second = captions([*AXES, [0.6, 0.8]], [5, 5, 6])

    loss = parallel_loss(first, second, scoring="symmetric", margin=0.3)

    assert loss.item() == pytest.approx((0 + 0.9 + 1.1 + 0.1) / 4)


def test_parallel_captions_of_one_wording_fit_each_others_images() -> None:
    first, second = captions(AXES, [0, 1], [0, 0]), captions(AXES[::-1], [0, 1])

    assert parallel_loss(first, second, scoring="symmetric", margin=0.2).item() == 0


def test_without_a_pair_the_parallel_loss_is_nothing() -> None:
    rows = torch.eye(2, requires_grad=True)
    first, second = Described(rows, torch.tensor([0, 1]), torch.arange(2)), captions(AXES, [2, 3])

    loss = parallel_loss(first, second, scoring="symmetric", margin=0.2, temperature=0.05)
    loss.backward()  # type: ignore[no-untyped-call]

    assert loss.item() == 0
    assert rows.grad is not None
    assert not rows.grad.any()
