"""What viewers open and what they do not, as the table of docs/pyramid-and-instances.md tells."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dicomweb_client import DICOMfileClient
from openslide import OpenSlide
from wsidicom import WsiDicom

from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph.conversions import convert
from tests.graph.stacks import fluorescence, jpeg_stack
from tests.sample import TileEncoding, build_sample_slide

PAGE = Path(__file__).resolve().parents[3] / "docs" / "pyramid-and-instances.md"


def rgb(folder: Path) -> Path:
    """Write a slide of two levels."""
    return build_sample_slide(folder / "s.svs", columns=600, rows=500, tile=128, associated=False)


WRITTEN: dict[str, tuple[Callable[[Path], Path], dict[str, Any]]] = {
    "RGB of 8 bits as JPEG": (rgb, {}),
    "the same as JPEG 2000": (rgb, {"transfer_syntax": TransferSyntax.JPEG_2000_LOSSLESS}),
    "the same, native": (rgb, {"transfer_syntax": TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN}),
    "the same as HTJ2K": (rgb, {"transfer_syntax": TransferSyntax.HTJ2K_LOSSLESS_RPCL}),
    "the same as JPEG-LS": (rgb, {"transfer_syntax": TransferSyntax.JPEG_LS_LOSSLESS}),
    "channels of 16 bits as JPEG 2000": (
        lambda folder: fluorescence(folder, focal_planes=1),
        {"transfer_syntax": TransferSyntax.JPEG_2000_LOSSLESS, "source_pixel_spacing_mm": (0.0005, 0.0005)},
    ),
    "focal planes of RGB as JPEG": (jpeg_stack, {}),
}


def opens(viewer: str, series: Path) -> bool:
    try:
        _open(viewer, series)
    except Exception as e:
        print(viewer, repr(e)[:300])
        return False
    return True


def _open(viewer, series):
    if viewer == "OpenSlide":
        with OpenSlide(series / "level-0.dcm") as slide:
            slide.read_region((0, 0), 0, (50, 50))
    elif viewer == "wsidicom":
        with WsiDicom.open(series) as slide:
            slide.read_region((0, 0), 0, (50, 50))
    else:
        import dicomslide
        client = DICOMfileClient(f"file://{series}", in_memory=True, update_db=True)
        (found,) = dicomslide.find_slides(client)
        found.get_image_region(offset=(0, 0), level=0, size=(50, 50))

@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", WRITTEN)
def test_x(name, tmp_path):
    build, options = WRITTEN[name]
    slide = build(tmp_path)
    convert(slide, tmp_path / "out", **options)
    print("ROW", name, [opens(v, tmp_path / "out" / slide.name) for v in ("OpenSlide", "wsidicom", "dicomslide")])
