from __future__ import annotations

import torch

from model.training.activations import SMALLEST_CROP, augmented


def test_augmented_activations_are_one_crop_some_of_it_mirrored() -> None:
    torch.manual_seed(0)
    rows = torch.arange(64 * 17 * 17, dtype=torch.float32).reshape(64, 1, 17, 17)
    mirrored = 0
    shapes = set()
    for _ in range(20):
        crop = augmented(rows)
        height, width = crop.shape[2:]
        shapes.add((height, width))
        assert min(height, width) >= int(SMALLEST_CROP * 17)
        for row, cut in zip(rows, crop, strict=True):
            flipped = bool(cut[0, 0, 0] > cut[0, 0, -1])
            mirrored += flipped
            straight = cut.flip(2) if flipped else cut
            top, left = divmod(int(straight[0, 0, 0] - row[0, 0, 0]), 17)
            assert torch.equal(straight[0], row[0, top : top + height, left : left + width])
    assert len(shapes) > 5
    assert 0.4 < mirrored / (20 * 64) < 0.6
