"""What viewers open and what they do not: the table of docs/pyramid-and-instances.md, held to its word."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.acceptance.viewers.readers import REFUSALS, VIEWERS
from tests.graph.conversions import convert
from tests.graph.stacks import fluorescence, jpeg_stack
from tests.sample import build_sample_slide

PAGE = Path(__file__).resolve().parents[3] / "docs" / "pyramid-and-instances.md"


def rgb(folder: Path) -> Path:
    """Write a slide of one level."""
    return build_sample_slide(folder / "s.svs", columns=600, rows=500, tile=128, associated=False)


def channels(folder: Path) -> Path:
    """Write three channels of 16 bits in one focal plane."""
    return fluorescence(folder, focal_planes=1)


WRITTEN: dict[str, tuple[Callable[[Path], Path], dict[str, Any]]] = {
    "RGB of 8 bits as JPEG": (rgb, {}),
    "the same as JPEG 2000": (rgb, {"transfer_syntax": TransferSyntax.JPEG_2000_LOSSLESS}),
    "the same, native": (rgb, {"transfer_syntax": TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN}),
    "the same as JPEG-LS": (rgb, {"transfer_syntax": TransferSyntax.JPEG_LS_LOSSLESS}),
    "the same as HTJ2K": (rgb, {"transfer_syntax": TransferSyntax.HTJ2K_LOSSLESS_RPCL}),
    "channels of 16 bits as JPEG 2000": (channels, {"transfer_syntax": TransferSyntax.JPEG_2000_LOSSLESS}),
    "focal planes": (jpeg_stack, {}),
}


def told() -> dict[str, dict[str, str]]:
    """Return the table by row and viewer."""
    rows = [re.split(r" *\| *", row)[1:-1] for row in re.findall(r"^\|.*\|$", PAGE.read_text("utf-8"), re.MULTILINE)]
    return {row[0]: dict(zip(("openslide", "wsidicom", "dicomslide"), row[1:], strict=True)) for row in rows[2:]}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Convert each row, and return the folders of the series."""
    series = {}
    for name, (build, options) in WRITTEN.items():
        folder = tmp_path_factory.mktemp("row")
        slide = build(folder)
        convert(slide, folder / "out", **options)
        series[name] = folder / "out" / slide.name
    return series


@pytest.mark.parametrize("viewer", VIEWERS)
@pytest.mark.parametrize("name", WRITTEN)
def test_the_viewer_opens_what_the_table_says(name: str, viewer: str, written: dict[str, Path]) -> None:
    series = written[name]
    if told()[name][viewer] == "yes":
        assert VIEWERS[viewer](series, edge=40).any()
    else:
        with pytest.raises(REFUSALS):
            VIEWERS[viewer](series, edge=40)


def test_each_row_that_no_test_elsewhere_has_is_written_here() -> None:
    """The others are in the quick matrix, V24."""
    assert set(told()) - set(WRITTEN) == {"TILED_SPARSE", "a concatenation"}
