from __future__ import annotations

import torch
from PIL import Image

from model.image import network_input


def test_black_and_white_by_hand() -> None:
    pixels = network_input([Image.new("RGB", (50, 20)), Image.new("RGB", (3, 3), "white")], size=8)

    assert pixels.shape == (2, 3, 8, 8)
    assert torch.all(pixels[0] == -127 / 128)
    assert torch.all(pixels[1] == 1)


def test_the_whole_frame_is_squashed_not_cropped() -> None:
    wide = Image.new("RGB", (400, 100))
    wide.paste("white", (0, 0, 200, 100))

    left, right = network_input([wide], size=8)[0, 0].chunk(2, dim=1)

    assert left.mean() > 0.8
    assert right.mean() < -0.8


def test_a_single_pixel_is_an_image() -> None:
    pixels = network_input([Image.new("RGB", (1, 1), "white")], size=8)

    assert torch.all(pixels == 1)
