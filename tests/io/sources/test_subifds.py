"""Lower levels in SubIFDs, as OME-TIFF has them, are refused before anything else is read."""

from pathlib import Path

import pytest
import tifffile

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError
from tests.io.sources.tiffs import TiffForm, add_image, draw_image


@pytest.mark.parametrize("whole", [True, False])
def test_refused(tmp_path: Path, whole: bool) -> None:
    """Later directories may be thousands, or damaged: the first one is enough to tell."""
    path, form = tmp_path / "s.ome.tif", TiffForm(compression="none")
    with tifffile.TiffWriter(path) as tiff:
        add_image(tiff, form, draw_image(form), subifds=1, description="plain", software=False)
        add_image(tiff, form, draw_image(form, 50, 35))
        add_image(tiff, form, draw_image(form, 25, 17))
    if not whole:
        with tifffile.TiffFile(path) as tiff:
            second = tiff.pages[1].offset
        with path.open("r+b") as file:
            file.seek(second)
            file.write(b"\xff" * 100)
    with pytest.raises(SourceError, match="lower levels are in SubIFDs"):
        open_source(str(path))
