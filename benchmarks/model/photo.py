"""A picture that costs as much as a photo: shapes, soft light and grain, the same at every run."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = (1632, 1224)  # 2 megapixels
QUALITY = 90


def jpeg() -> bytes:
    """About as many bytes as a camera makes of 2 megapixels."""
    chance = np.random.default_rng(0)
    image = Image.new("RGB", SIZE, (120, 140, 160))
    draw = ImageDraw.Draw(image)
    for _ in range(400):
        x, y = chance.integers(0, SIZE[0]), chance.integers(0, SIZE[1])
        width, height = chance.integers(20, 300, 2)
        colour = tuple(chance.integers(0, 256, 3).tolist())
        draw.ellipse((int(x), int(y), int(x + width), int(y + height)), fill=colour)
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(3)), np.float32)
    grain = chance.normal(0, 6, soft.shape).astype(np.float32)
    out = io.BytesIO()
    pixels = np.clip(soft + grain, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
