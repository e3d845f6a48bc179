from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from benchmarks.paper.systems import SYSTEMS, Settings, System, loss, units
from model.training.loss import Described, parallel_loss, pivot_loss


def test_the_units_are_the_papers_systems_for_each_seed() -> None:
    wanted = units([0, 1, 2], [system.name for system in SYSTEMS])

    assert len(wanted) == 3 * (2 + 2 + 4)
    assert len({unit.name(Settings(), "data") for unit in wanted}) == len(wanted)


def test_other_settings_or_other_data_are_another_unit() -> None:
    unit = units([0], ["OE"])[0]

    names = {unit.name(Settings(), "a"), unit.name(Settings(), "b"), unit.name(Settings(dim=8), "a")}

    assert len(names) == 3


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_the_loss_is_that_of_the_model_package(system: System) -> None:
    generator = torch.Generator().manual_seed(0)
    images, english, german = (F.normalize(torch.rand(n, 6, generator=generator), dim=1) for n in (3, 3, 2))
    texts = [
        Described(english, torch.tensor([0, 1, 2]), torch.tensor([0, 1, 2])),
        Described(german, torch.tensor([1, 2]), torch.tensor([0, 1])),
    ]
    margin = 0.2 if system.scoring == "symmetric" else 0.05

    expected = pivot_loss(images, texts, scoring=system.scoring, margin=margin)
    if system.parallel:
        expected = expected + parallel_loss(*texts, scoring=system.scoring, margin=margin)

    torch.testing.assert_close(loss(system, Settings(), images, texts), expected)
