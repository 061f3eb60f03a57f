"""What a conversion writes gives no finding at all, in whatever transfer syntax and of whatever pixels."""

from pathlib import Path

import pytest

from pipeline import DicomExport
from pipeline.io.validation import validate_path
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.sample import build_sample_slide


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide of few tiles."""
    return build_sample_slide(tmp_path_factory.mktemp("slide") / "slide.svs", columns=500, rows=400)


@pytest.mark.parametrize("syntax", TransferSyntax.offered(), ids=lambda syntax: syntax.option)
def test_every_transfer_syntax(syntax: TransferSyntax, slide: Path, tmp_path: Path) -> None:
    export = DicomExport.from_slide(slide).to_directory(tmp_path).research_placeholder()
    export.transfer_syntax(syntax.option).run()
    assert validate_path(tmp_path / slide.name, tools=False).findings == ()


@pytest.mark.parametrize(
    "name",
    ["ome-tiff/multi-channel-z-series.ome.tif", "ome-tiff/qupath-cells-2c.ome.tif", "zeiss-czi/mosaic_test.czi"],
)
def test_channels_and_focal_planes(name: str, shared_slides: Path, tmp_path: Path) -> None:
    export = DicomExport.from_slide(shared_slides / name).to_directory(tmp_path).research_placeholder()
    export.source_pixel_spacing_mm(0.0005, 0.0005).run()
    report = validate_path(tmp_path, tools=False)
    assert (report.findings, report.files > 0) == ((), True)
