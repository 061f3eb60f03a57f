"""The colours of channels: written as palettes, and read again."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
import tifffile
from pydicom.pixels import apply_color_lut

from pipeline.io.sources import open_source
from pipeline.io.validation import validate_path
from tests.graph.conversions import convert

COLOURS = [(0, 0, 255), (255, 128, 0)]


def ome_colour(red: int, green: int, blue: int) -> int:
    """Return RGBA as the signed number that OME-XML has."""
    return int(np.array([red << 24 | green << 16 | blue << 8 | 255], np.uint32).astype(np.int32)[0])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_channels_keep_their_colours(dtype: type, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (2, 90, 80)).astype(dtype)
    metadata = {
        "axes": "CYX",
        "Channel": {"Name": ["DAPI", "Cy3"], "Color": [ome_colour(*colour) for colour in COLOURS]},
        "PhysicalSizeX": 0.5,
        "PhysicalSizeY": 0.5,
    }
    slide = tmp_path / "s.ome.tif"
    tifffile.imwrite(slide, pixels, ome=True, photometric="minisblack", metadata=metadata)
    convert(slide, tmp_path / "out")
    series = tmp_path / "out/s.ome.tif"
    header = pydicom.dcmread(series / "level-0.dcm", stop_before_pixels=True)
    for path, colour in zip(header.OpticalPathSequence, COLOURS, strict=True):
        (item,) = path.PaletteColorLookupTableSequence
        shown = apply_color_lut(np.array([[0, np.iinfo(dtype).max]], dtype), item)
        assert shown[0, 0].tolist() == [0, 0, 0]
        assert (shown[0, 1] >> 8).tolist() == list(colour)
    with open_source(str(series)) as source:
        assert [path.colour for path in source.describe().optical_paths] == COLOURS
    assert [finding for finding in validate_path(series).findings if finding.severity == "error"] == []
