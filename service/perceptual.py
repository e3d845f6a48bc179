"""Perceptual hashes: 64 bits that stay nearly the same when a photo is resized or compressed anew.

The method is pHash (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions",
section 3.2.1): the low frequencies of the grey image, each of them above their median or not.
"""

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE: Final = 32  # pixels of the square that the image is shrunk to
KEPT: Final = 8  # frequencies a side: 64 bits
FLAT: Final = 1.0  # grey levels; an image whose levels vary less has nothing to tell it from others


def hash_of(thumbnail: bytes) -> bytes:
    """The hash of an image in a format that Pillow opens, 8 bytes; none for one of a single colour.

    Always that of the thumbnail, so that it is the same whether made at the upload or later. Raises what
    Pillow raises.
    """
    with Image.open(io.BytesIO(thumbnail)) as image:
        small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    grey = np.asarray(small, np.float64)
    if grey.std() < FLAT:
        return b""
    frequencies = (_COSINES @ grey @ _COSINES.T).ravel()
    bits = frequencies > np.median(frequencies)
    return np.packbits(bits).tobytes()


def _cosines() -> NDArray[np.float64]:
    """(KEPT, SIDE): the first rows of the DCT-II, C[k, x] = cos(pi / SIDE * (x + 1/2) * k).

    Without its usual factors, which bring little else to lie above the median. The very first frequency of
    all, the mean, is always above it: of the 64 bits, 63 tell something.
    """
    k, x = np.arange(KEPT)[:, None], np.arange(SIDE)[None]
    cosines: NDArray[np.float64] = np.cos(np.pi / SIDE * (x + 0.5) * k)
    return cosines


_COSINES: Final = _cosines()
