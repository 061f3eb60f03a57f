"""Small TIFF files in all the ways that tifffile writes them, with the pixels that they hold."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from pipeline.model.tiles import Pixels
from tests.sample import draw_tissue

COLUMNS, ROWS = 100, 70
TILE_COLUMNS, TILE_ROWS = 48, 32
STRIP_ROWS = 16
LOSSLESS = ("none", "lzw", "deflate", "zstd", "jpeg2000")
PREDICTED = ("lzw", "deflate")
"""Written with the horizontal predictor (TIFF 6.0 section 14)."""
JPEGS = {
    "jpeg-ycbcr-444": {"subsampling": (1, 1)},
    "jpeg-ycbcr-420": {"subsampling": (2, 2)},
    "jpeg-rgb": {"compressionargs": {"level": 90, "outcolorspace": "rgb"}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffForm:
    """One way to store an image."""

    compression: str
    samples: int = 3
    bits: int = 8
    planar: bool = False
    tiled: bool = True
    container: str = "classic"

    def __str__(self) -> str:
        parts = [self.compression, f"{self.samples}x{self.bits}", self.container, "tiles" if self.tiled else "strips"]
        return "-".join([*parts, "planes"] if self.planar else parts)

    @property
    def lossless(self) -> bool:
        """Whether the file holds exactly the pixels that were written."""
        return self.compression in LOSSLESS


def all_forms() -> Iterator[TiffForm]:
    """Yield every combination that there is."""
    for compression, bits, samples, planar, tiled, container in itertools.product(
        (*LOSSLESS, *JPEGS), (8, 16), (1, 3), (False, True), (True, False), ("classic", "big", "big-endian")
    ):
        gray = samples == 1
        # JPEG has 8 bits; gray has one plane and no colour model; planes have none either.
        if (compression in JPEGS and bits == 16) or (gray and planar):
            continue
        if compression in ("jpeg-ycbcr-420", "jpeg-rgb") and (gray or planar):
            continue
        yield TiffForm(
            compression=compression, samples=samples, bits=bits, planar=planar, tiled=tiled, container=container
        )


def draw_image(form: TiffForm, columns: int = COLUMNS, rows: int = ROWS) -> Pixels:
    """Draw (rows, columns, samples) of tissue, 16 bits with noise in the low byte."""
    image = draw_tissue(rows, columns)
    image = image if form.samples == 3 else image[..., 1:2]
    if form.bits == 8:
        return np.ascontiguousarray(image)
    noise = np.random.default_rng(rows).integers(0, 256, image.shape, dtype=np.uint16)
    return np.left_shift(image.astype(np.uint16), 8) | noise


def write_tiff(path: Path, form: TiffForm, image: Pixels | None = None, **tags: Any) -> Path:
    """Write an image, (rows, columns, samples), in a form."""
    with tifffile.TiffWriter(path, bigtiff=form.container == "big", byteorder=_byte_order(form)) as tiff:
        add_image(tiff, form, draw_image(form) if image is None else image, **tags)
    return path


def write_pyramid(path: Path, form: TiffForm, images: list[Pixels], **tags: Any) -> Path:
    """Write several images, each to a directory of its own; the tags go to the first."""
    with tifffile.TiffWriter(path, bigtiff=form.container == "big", byteorder=_byte_order(form)) as tiff:
        for number, image in enumerate(images):
            add_image(tiff, form, image, **(tags if number == 0 else {}))
    return path


def add_image(tiff: tifffile.TiffWriter, form: TiffForm, image: Pixels, **tags: Any) -> None:
    """Add a directory with an image."""
    stored: NDArray[Any] = image[..., 0] if image.shape[2] == 1 else image
    options: dict[str, Any] = {"photometric": "minisblack" if image.shape[2] == 1 else "rgb", "metadata": None}
    if image.shape[2] > 1 and form.planar:
        stored, options["planarconfig"] = np.moveaxis(image, 2, 0), "separate"
    elif image.shape[2] > 1:
        options["planarconfig"] = "contig"
    if form.compression in JPEGS:
        options["compression"] = "jpeg"
        if image.shape[2] == 3 and not form.planar:
            options |= JPEGS[form.compression]
    elif form.compression == "jpeg2000":
        options |= {"compression": "jpeg2000", "compressionargs": {"reversible": True, "level": 0}}
    elif form.compression != "none":
        options |= {"compression": form.compression, "predictor": form.compression in PREDICTED}
    options |= {"tile": (TILE_ROWS, TILE_COLUMNS)} if form.tiled else {"rowsperstrip": STRIP_ROWS}
    tiff.write(np.ascontiguousarray(stored), **(options | tags))


def stored_pixels(path: Path, page: int = 0) -> Pixels:
    """Return the pixels that tifffile finds in a directory, (rows, columns, samples)."""
    with tifffile.TiffFile(path) as tiff:
        first = tiff.pages[page]
        pixels = first.asarray()
        if pixels.ndim == 3 and first.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
            pixels = np.moveaxis(pixels, 0, 2)
    shaped: Pixels = pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
    return shaped


def stored_tiles(path: Path, page: int = 0) -> list[bytes]:
    """Return the bytes of each tile or strip of a directory, as tifffile's index has them."""
    with tifffile.TiffFile(path) as tiff:
        keyframe = tiff.pages[page]
        tiles = []
        for offset, length in zip(keyframe.dataoffsets, keyframe.databytecounts, strict=True):
            tiff.filehandle.seek(offset)
            tiles.append(tiff.filehandle.read(length))
    return tiles


def _byte_order(form: TiffForm) -> str:
    return ">" if form.container == "big-endian" else "<"


def rewrite_svs(path: Path, original: Path, changes: Mapping[int, bytes]) -> Path:
    """Write the base level of a JPEG SVS anew, with the bytes of some of its tiles changed; no other directory."""
    with tifffile.TiffFile(original) as tiff:
        page = tiff.pages[0]
        options: dict[str, Any] = {
            "shape": page.shape,
            "tile": (page.tilelength, page.tilewidth),
            "jpegtables": page.jpegtables,
            "description": page.description,
            "compressionargs": {"outcolorspace": page.photometric.name.lower()},
            "subsampling": (2, 2),
        }
    tiles = (changes.get(index, tile) for index, tile in enumerate(stored_tiles(original)))
    options |= {"dtype": "uint8", "photometric": "rgb", "compression": "jpeg", "metadata": None, "software": False}
    tifffile.imwrite(path, tiles, **options)
    return path
