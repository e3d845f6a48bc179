"""The command line with the encoder that knows colours: python -m tests.end_to_end.colours N FILE COMMAND ...

Once it has embedded N images, it says `holding` on standard output and embeds no more until FILE exists.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from PIL.Image import Image

from index.vectors import Rows
from service.__main__ import main
from tests.fakes import ColourEncoder


class HoldingEncoder(ColourEncoder):
    """Lets a test act at a known moment."""

    def __init__(self, images: int, until: Path) -> None:
        super().__init__()
        self._images = images
        self._until = until

    def embed_images(self, images: Sequence[Image]) -> Rows:
        if sum(self.image_batches) >= self._images and not self._until.exists():
            print("holding", flush=True)  # noqa: T201
            while not self._until.exists():
                time.sleep(0.01)
        return super().embed_images(images)


if __name__ == "__main__":
    encoder = HoldingEncoder(int(sys.argv[1]), Path(sys.argv[2]))
    sys.exit(main(sys.argv[3:], load=lambda _: encoder))
