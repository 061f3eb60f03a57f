"""Small OME-TIFF files, built from XML and planes: whatever a document may say of directories."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from tests.sample import draw_tissue

COLUMNS, ROWS = 110, 74
TILE = (32, 48)
Samples = NDArray[Any]

_NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def gray_planes(count: int, dtype: str = "uint8", top: int | None = None) -> list[Samples]:
    """Return planes of gray, (rows, columns), each another."""
    tissue = draw_tissue(ROWS, COLUMNS)[..., 1].astype(np.int64)
    limits = np.iinfo(dtype)
    low, high = int(limits.min), limits.max if top is None else top
    bright = tissue * (high - low) // 255
    drawn = [(bright + 7 * i * np.arange(COLUMNS)) % (high - low + 1) + low for i in range(count)]
    return [plane.astype(dtype) for plane in drawn]


def rgb_planes(count: int) -> list[Samples]:
    """Return planes of RGB, (rows, columns, 3), each another."""
    tissue = draw_tissue(ROWS, COLUMNS)
    return [np.roll(tissue, 5 * i, axis=1) for i in range(count)]


def ome_image(
    *,
    sizes: str = "CZT",
    counts: tuple[int, int, int] = (1, 1, 1),
    pixel_type: str = "uint8",
    attributes: str = "",
    inside: str = "",
    beside: str = "",
    name: str = "",
    size: tuple[int, int] = (COLUMNS, ROWS),
) -> str:
    """Return an Image element; `counts` are SizeC, SizeZ and SizeT, `sizes` the end of the dimension order."""
    c, z, t = counts
    return (
        f'<Image ID="Image:0" Name="{name}">{beside}<Pixels ID="Pixels:0" DimensionOrder="XY{sizes}" '
        f'Type="{pixel_type}" SizeX="{size[0]}" SizeY="{size[1]}" SizeC="{c}" SizeZ="{z}" SizeT="{t}" {attributes}>'
        f"{inside}</Pixels></Image>"
    )


def ome_xml(*images: str, attributes: str = "", beside: str = "") -> str:
    """Return a document of images."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{_NAMESPACE}" Creator="test 1.0" {attributes}>'
        f"{beside}{''.join(images)}</OME>"
    )


def write_ome_tiff(
    path: Path,
    xml: str,
    planes: Sequence[Samples],
    *,
    levels: int = 1,
    in_chain: bool = False,
    options: Mapping[str, Any] | None = None,
    first: Mapping[str, Any] | None = None,
) -> Path:
    """Write a directory a plane, lower levels in SubIFDs or behind all planes in the chain; XML in the first."""
    with tifffile.TiffWriter(path, bigtiff=path.name.startswith("big")) as tiff:
        for number, plane in enumerate(planes):
            tags = {"description": xml.encode(), **(first or {})} if number == 0 else {}
            below = 0 if in_chain else levels - 1
            add_plane(tiff, plane, subifds=below, **tags, **(options or {}))
            for level in range(1, below + 1):
                add_plane(tiff, smaller(plane, level), subfiletype=1, **(options or {}))
        for level in range(1, levels if in_chain else 0):
            for plane in planes:
                add_plane(tiff, smaller(plane, level), subfiletype=1, **(options or {}))
    return path


def add_plane(tiff: tifffile.TiffWriter, plane: Samples, **options: Any) -> None:
    """Add a directory of gray or RGB, in tiles unless told otherwise."""
    given: dict[str, Any] = {"photometric": "minisblack" if plane.ndim == 2 else "rgb", "tile": TILE}
    given |= {"metadata": None, "software": False, "compression": "deflate"} | options
    tiff.write(plane, **given)


def smaller(plane: Samples, level: int) -> Samples:
    """Return a plane of a lower level."""
    return np.ascontiguousarray(plane[:: 1 << level, :: 1 << level])


def shaped(plane: Samples) -> Samples:
    """Return (rows, columns, samples)."""
    return plane[..., np.newaxis] if plane.ndim == 2 else plane
