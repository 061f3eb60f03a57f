"""The documents of a Zarr v3 group that OME-NGFF 0.5 describes: its arrays, axes, scales and channels.

Axes are c, z, y and x in this order, as NGFF demands channels before space; z is there where a slide has several focal
planes. Channels of colour are its three samples.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

_VERSION = "0.5"
_RGB = (("R", "FF0000"), ("G", "00FF00"), ("B", "0000FF"))
_GRAY = "FFFFFF"
_MICROMETRE = {"unit": "micrometer"}


def array_document(
    shape: Sequence[int], chunk_shape: Sequence[int], dtype: np.dtype[Any], fill_value: Any, axes: Sequence[str]
) -> dict[str, Any]:
    """Return an array's zarr.json; its chunks have no codec but `bytes` (Zarr v3 core, array metadata)."""
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk_shape}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": fill_value,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "attributes": {},
        "dimension_names": axes,
        "storage_transformers": [],
    }


def group_document(
    name: str, axes: Sequence[str], datasets: Mapping[int, Any], channels: Sequence[Any], *, micrometres: bool
) -> dict[str, Any]:
    """Return the group's zarr.json: coordinate transformations by level, largest first, and how channels are shown."""
    unit = _MICROMETRE if micrometres else {}
    multiscales = {
        "name": name,
        "axes": [
            {"name": axis, "type": "channel"} if axis == "c" else {"name": axis, "type": "space"} | unit
            for axis in axes
        ],
        "datasets": [
            {"path": str(level), "coordinateTransformations": transformations}
            for level, transformations in datasets.items()
        ],
    }
    ome = {"version": _VERSION, "multiscales": [multiscales], "omero": {"channels": channels}}
    return {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}


def transformations(
    spacing: tuple[float, float], base_spacing: tuple[float, float], offsets: Sequence[float]
) -> list[dict[str, Any]]:
    """Return scale and place of a level from its spacing, the base's, (y, x) each, and the Z of its focal planes.

    The first pixel of a level is the mean of several of the base's, so that its centre lies further in.
    """
    planes = len(offsets)
    depth, bottom = ([(offsets[-1] - offsets[0]) / (planes - 1)], [offsets[0]]) if planes > 1 else ([], [])
    shift = [(own - base) / 2 for own, base in zip(spacing, base_spacing, strict=True)]
    return [
        {"type": "scale", "scale": [1.0, *depth, *spacing]},
        {"type": "translation", "translation": [0.0, *bottom, *shift]},
    ]


def shown_channels(names: Sequence[str], samples: int, dtype: np.dtype[Any]) -> list[dict[str, Any]]:
    """Return how viewers show the channels: colours as they are, others in white over their whole range."""
    largest = int(np.iinfo(dtype).max) if dtype.kind in "ui" else 1
    window = {"min": 0, "max": largest, "start": 0, "end": largest}
    if samples != len(_RGB):
        return [{"label": name, "color": _GRAY, "active": True, "window": window} for name in names]
    return [
        {
            "label": letter if len(names) == 1 else f"{name} {letter}",
            "color": colour,
            "active": True,
            "window": window,
        }
        for name, (letter, colour) in product(names, _RGB)
    ]
