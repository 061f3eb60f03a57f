"""The viewers that run here: each opens the folder of a series and shows the same part of its base level."""

import warnings
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from pipeline.model.tiles import Pixels

LEFT, TOP, EDGE = 300, 260, 200
"""The part of the base level that is asked for."""


def with_openslide(series: Path) -> Pixels:
    """Return RGB of the region; a viewer takes any file of the folder."""
    import openslide

    with openslide.OpenSlide(sorted(series.glob("level-0*.dcm"))[0]) as slide:
        return np.asarray(slide.read_region((LEFT, TOP), 0, (EDGE, EDGE)).convert("RGB"))


def with_wsidicom(series: Path) -> Pixels:
    """Return RGB of the region."""
    from wsidicom import WsiDicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with WsiDicom.open(series) as slide:
            return np.asarray(slide.read_region((LEFT, TOP), 0, (EDGE, EDGE)).convert("RGB"))


def with_dicomslide(series: Path) -> Pixels:
    """Return RGB of the region; AssertionError where the client does not find exactly one slide."""
    dicomslide = pytest.importorskip("dicomslide")
    dicomweb_client = pytest.importorskip("dicomweb_client")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = dicomweb_client.DICOMfileClient(f"file://{series}", in_memory=True, update_db=True)
        found = dicomslide.find_slides(client)
        assert len(found) == 1
        return cast(Pixels, found[0].get_image_region(offset=(TOP, LEFT), level=0, size=(EDGE, EDGE)))


VIEWERS = {"openslide": with_openslide, "wsidicom": with_wsidicom, "dicomslide": with_dicomslide}
