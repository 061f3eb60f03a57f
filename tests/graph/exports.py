"""Export slides through the whole graph, and look at the TIFFs with readers of others."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openslide
import pyvips
import tifffile
from numpy.typing import NDArray

from pipeline.io.sources import open_source
from pipeline.model.keys import SlideInput
from pipeline.model.tiff_export import ExportedTiff, ExportReport, TiffExportConfig
from pipeline.model.tiles import Pixels
from pipeline.tiff_export import export_slides

JPEG, DEFLATE = 7, 8


def export(slides: Path | Sequence[Path], output: Path, *beam_arguments: str, **options: Any) -> ExportReport:
    """Export slides, each to its own name with `.tiff` behind it."""
    paths = [slides] if isinstance(slides, Path) else slides
    inputs = [SlideInput(uri=str(path), slide_id=f"{path.name}.tiff") for path in paths]
    return export_slides(inputs, TiffExportConfig(output=str(output), **options), beam_arguments)


def exported(slide: Path, output: Path, **options: Any) -> ExportedTiff:
    """Export one slide and return its row; it must be written."""
    (tiff,) = export(slide, output, **options).tiffs
    assert tiff.failure is None, tiff.failure
    return tiff


def source_level(slide: Path, level: int = 0, plane: int = 0) -> Pixels:
    """Return a level of any slide, decoded without ICC, as the project reads it."""
    with open_source(str(slide)) as source:
        image = source.describe().levels[level]
        return source.read_region(image.index, 0, 0, image.grid.columns, image.grid.rows, plane)


def by_openslide(path: str | Path, level: int = 0) -> NDArray[np.uint8]:
    """Return a level as OpenSlide shows it, RGB."""
    with openslide.OpenSlide(path) as slide:
        return np.asarray(slide.read_region((0, 0), level, slide.level_dimensions[level]).convert("RGB"))


def by_vips(path: str | Path, page: int = 0) -> NDArray[np.uint8]:
    """Return a directory as libvips shows it."""
    pixels: NDArray[np.uint8] = pyvips.Image.tiffload(str(path), page=page).numpy()
    return pixels


def by_tifffile(path: str | Path, level: int = 0) -> NDArray[Any]:
    """Return a level of the first series as tifffile shows it."""
    with tifffile.TiffFile(path) as tiff:
        pixels: NDArray[Any] = tiff.series[0].levels[level].asarray()
    return pixels


def difference(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the mean absolute difference of two images of one shape."""
    assert one.shape == other.shape
    return float(np.abs(one.astype(np.int64) - other.astype(np.int64)).mean())


def stored_tiles(path: str | Path, page: int = 0) -> list[bytes]:
    """Return the tiles of a directory as they are stored."""
    with tifffile.TiffFile(path) as tiff:
        found = tiff.pages[page]
        assert isinstance(found, tifffile.TiffPage)
        handle = tiff.filehandle
        tiles = []
        for offset, length in zip(found.dataoffsets, found.databytecounts, strict=True):
            handle.seek(offset)
            tiles.append(handle.read(length))
    return tiles


def left_over(output: Path) -> list[str]:
    """Return hidden files and folders of an output."""
    return [str(path) for path in output.rglob(".*")]
