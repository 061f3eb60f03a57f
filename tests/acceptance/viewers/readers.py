"""The viewers that run here: each opens the folder of a series and shows a part of its base level."""

import warnings
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from openslide import OpenSlide, OpenSlideError
from requests import HTTPError
from wsidicom import WsiDicom
from wsidicom.errors import WsiDicomError, WsiDicomNotFoundError

from pipeline.model.tiles import Pixels

REFUSALS = (
    *(AssertionError, AttributeError, HTTPError, IndexError, ValueError),
    *(OpenSlideError, WsiDicomError, WsiDicomNotFoundError),
)
"""How the viewers say that they do not open a series; AssertionError: the client finds no slide."""


def with_openslide(series: Path, *, left: int = 0, top: int = 0, edge: int) -> Pixels:
    """Return RGB of a square; a viewer takes any file of the folder."""
    with OpenSlide(sorted(series.glob("level-0*.dcm"))[0]) as slide:
        return np.asarray(slide.read_region((left, top), 0, (edge, edge)).convert("RGB"))


def with_wsidicom(series: Path, *, left: int = 0, top: int = 0, edge: int) -> Pixels:
    """Return the samples of a square as it gives them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with WsiDicom.open(series) as slide:
            return np.asarray(slide.read_region((left, top), 0, (edge, edge)))


def with_dicomslide(series: Path, *, left: int = 0, top: int = 0, edge: int) -> Pixels:
    """Return the samples of a square of the only slide that its client finds."""
    dicomslide = pytest.importorskip("dicomslide")
    dicomweb_client = pytest.importorskip("dicomweb_client")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = dicomweb_client.DICOMfileClient(f"file://{series}", in_memory=True, update_db=True)
        found = dicomslide.find_slides(client)
        assert len(found) == 1
        return cast(Pixels, found[0].get_image_region(offset=(top, left), level=0, size=(edge, edge)))


VIEWERS = {"openslide": with_openslide, "wsidicom": with_wsidicom, "dicomslide": with_dicomslide}
