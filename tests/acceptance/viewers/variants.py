"""The series of the quick matrix: what is written here, and the same with one thing taken out."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pydicom
from pydicom import Dataset
from pydicom.encaps import encapsulate, generate_frames

from pipeline.model.config import MissingTiles
from tests.graph.conversions import convert
from tests.sample import build_sample_slide

COLUMNS, ROWS, TILE = 1111, 903, 128
NOT_SCANNED = (1, 2)
"""Tiles of the base that the sparse slide does not hold."""


def without_frame_of_reference(dataset: Dataset) -> None:
    """Leave out what tells that levels show one place."""
    del dataset.FrameOfReferenceUID


def without_container(dataset: Dataset) -> None:
    """Leave out which glass it is."""
    del dataset.ContainerIdentifier


def without_icc_profile(dataset: Dataset) -> None:
    """Leave out what colours are."""
    for path in dataset.OpticalPathSequence:
        del path.ICCProfile


def without_organization(dataset: Dataset) -> None:
    """Leave out how frames are placed."""
    del dataset.DimensionOrganizationType


def without_origin(dataset: Dataset) -> None:
    """Leave out the place on the slide."""
    del dataset.TotalPixelMatrixOriginSequence


def reversed_frames(dataset: Dataset) -> None:
    """Turn the frames around: those of TILED_SPARSE may come in any order."""
    if dataset.DimensionOrganizationType == "TILED_SPARSE":
        frames = list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames)))
        dataset.PixelData = encapsulate(frames[::-1])
        dataset.PerFrameFunctionalGroupsSequence = list(dataset.PerFrameFunctionalGroupsSequence)[::-1]


CHANGES: dict[str, tuple[str, Callable[[Dataset], None]]] = {
    "reversed": ("sparse", reversed_frames),
    "no-frame-of-reference": ("complete", without_frame_of_reference),
    "no-container": ("complete", without_container),
    "no-icc-profile": ("complete", without_icc_profile),
    "no-organization": ("complete", without_organization),
    "no-origin": ("complete", without_origin),
}
VARIANTS = ("complete", "sparse", "concatenation", *CHANGES)


def write_variants(folder: Path) -> dict[str, Path]:
    """Convert a slide in the three ways that are ours, change copies of them, and return the folders of the series."""
    size = {"columns": COLUMNS, "rows": ROWS, "tile": TILE}
    whole = build_sample_slide(folder / "whole.svs", **size)
    partial = build_sample_slide(folder / "partial.svs", **size, empty_tiles=NOT_SCANNED)
    convert(whole, folder / "complete")
    convert(partial, folder / "sparse", missing_tiles=MissingTiles.SPARSE)
    series = {"complete": folder / "complete" / whole.name, "sparse": folder / "sparse" / partial.name}
    most = int((series["complete"] / "level-0.dcm").stat().st_size * 0.6)
    convert(whole, folder / "concatenation", max_instance_bytes=most)
    series["concatenation"] = folder / "concatenation" / whole.name
    for name, (original, change) in CHANGES.items():
        series[name] = shutil.copytree(series[original], folder / name)
        for file in series[name].iterdir():
            dataset = pydicom.dcmread(file)
            change(dataset)
            dataset.save_as(file, enforce_file_format=True)
    return series
