"""Photos for whoever has none at hand: python -m service.demo FOLDER

They come with scikit-image and scikit-learn, so nothing is downloaded. Only real photos whose licence lets
anyone copy them are taken; LICENSES.txt beside them tells of each.
"""

import argparse
import importlib.util
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PUBLIC_DOMAIN: Final = "in the public domain"
CC0: Final = "CC0 1.0, https://creativecommons.org/publicdomain/zero/1.0/"
CC_BY: Final = "CC BY 2.0, https://creativecommons.org/licenses/by/2.0/"
UNRESTRICTED: Final = "no known copyright restrictions"


@dataclass(frozen=True)
class DemoPhoto:
    """`file` lies in `package`; licence and source are what the package itself says of them."""

    name: str
    package: str
    file: str
    licence: str
    source: str


def _skimage(name: str, file: str, licence: str, source: str) -> DemoPhoto:
    return DemoPhoto(name, "skimage", f"data/{file}", licence, source)


def _sklearn(name: str, file: str, licence: str, source: str) -> DemoPhoto:
    return DemoPhoto(name, "sklearn", f"datasets/images/{file}", licence, source)


PHOTOS: Final = (
    _skimage("astronaut.png", "astronaut.png", PUBLIC_DOMAIN, "NASA, https://flic.kr/p/r9qvLn"),
    _skimage("brick-wall.png", "brick.png", CC0, "https://cc0textures.com/view.php?tex=Bricks25"),
    _skimage("cat.png", "chelsea.png", CC0, "Stefan van der Walt"),
    _skimage("coffee-cup.png", "coffee.png", CC0, "Rachel Michetti, courtesy of Pikolo Espresso Bar"),
    _skimage(
        "coins.png",
        "coins.png",
        UNRESTRICTED,
        "Brooklyn Museum, https://www.brooklynmuseum.org/opencollection/archives/image/51611",
    ),
    _skimage(
        "galaxies.jpg",
        "hubble_deep_field.jpg",
        PUBLIC_DOMAIN,
        "NASA, http://hubblesite.org/newscenter/archive/releases/2012/37/image/a/",
    ),
    _skimage("grass.png", "grass.png", CC0, "https://www.deviantart.com/linolafett/art/Grass-01-434853879"),
    _skimage("man-with-camera.png", "camera.png", CC0, "Lav Varshney"),
    _skimage(
        "rocket.jpg",
        "rocket.jpg",
        PUBLIC_DOMAIN,
        "SpaceX, https://www.flickr.com/photos/spacexphotos/16511594820/",
    ),
    _sklearn(
        "dahlia.jpg",
        "flower.jpg",
        CC_BY,
        "vultilion, https://www.flickr.com/photos/vultilion/6056698931/",
    ),
    _sklearn(
        "temple.jpg",
        "china.jpg",
        CC_BY,
        "danielbuechele, https://www.flickr.com/photos/danielbuechele/6061409035/",
    ),
)


class DemoPhotosMissing(Exception):  # noqa: N818 -- it says what happened
    """A package that ships photos is not there, or comes without them."""

    def __init__(self, package: str) -> None:
        super().__init__(package)
        self.package = package

    def __str__(self) -> str:
        return (
            f"{self.package}, which ships demo photos, is missing or too old. Install the extra `demo`:\n"
            "  pip install -e '.[demo]'"
        )


def copy_photos(folder: Path) -> None:
    """Put the photos and LICENSES.txt into `folder`, which is created. Raises DemoPhotosMissing, OSError."""
    sources = [_source(photo) for photo in PHOTOS]
    folder.mkdir(parents=True, exist_ok=True)
    for photo, source in zip(PHOTOS, sources, strict=True):
        shutil.copyfile(source, folder / photo.name)
    (folder / "LICENSES.txt").write_text(licences(), encoding="utf-8")


def licences() -> str:
    """Source and licence of each photo."""
    return "\n\n".join(
        f"{photo.name}\n  {photo.source}\n  {photo.licence}\n  copied from the package {photo.package}"
        for photo in PHOTOS
    )


def _source(photo: DemoPhoto) -> Path:
    package = importlib.util.find_spec(photo.package)
    if package is None or package.origin is None:
        raise DemoPhotosMissing(photo.package)
    source = Path(package.origin).parent / photo.file
    if not source.is_file():
        raise DemoPhotosMissing(photo.package)
    return source


def main(argv: Sequence[str] | None = None) -> int:
    """Copy the photos into the folder that was named; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m service.demo", description="Copy some freely licensed photos into a folder."
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where to; it is created")
    folder: Path = parser.parse_args(argv).folder
    try:
        copy_photos(folder)
    except (DemoPhotosMissing, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{len(PHOTOS)} photos are in {folder}; LICENSES.txt there names their sources.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
