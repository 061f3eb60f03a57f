"""Stacks that ImageJ writes: planes in the chain of directories, channels first, then focal planes, then frames.

The first ImageDescription says how many there are of each, what the unit of the resolution is, and the distance of the
focal planes; tags of ImageJ's own hold names and lookup tables. The order is that of ImageJ's hyperstacks, XYCZT.
"""

import math
from dataclasses import dataclass
from typing import Any

from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.model.errors import SourceError
from pipeline.model.source import Illumination, OpticalPathFacts

_MM_PER_UNIT = {
    "um": 1e-3, "micron": 1e-3, "microns": 1e-3, "µm": 1e-3, "μm": 1e-3, "\\u00b5m": 1e-3,
    "nm": 1e-6, "mm": 1.0, "cm": 10.0, "inch": 25.4, "in": 25.4, "m": 1000.0,
}  # fmt: skip
_UM_PER_MM = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """How the planes of a file are ordered."""

    channels: int = 1
    slices: int = 1
    """Focal planes."""
    frames: int = 1
    """Time points."""
    mm_per_unit: float | None = None
    """Of the resolution; None: TIFF's ResolutionUnit holds."""
    step_um: float | None = None
    """Between focal planes; None: not said."""
    paths: tuple[OpticalPathFacts, ...] = (OpticalPathFacts(),)

    def plane(self, channel: int, focal_plane: int, frame: int) -> int:
        """Return the place of a plane among the directories."""
        return channel + self.channels * (focal_plane + self.slices * frame)


def imagej_stack(container: TiffContainer, directories: int) -> Stack | None:
    """Return how so many directories of the base's size are ordered; None where ImageJ says nothing of it.

    Raises SourceError when it tells of another number of planes.
    """
    told = container.imagej()
    if not told:
        return None
    channels, slices, frames = (_count(told, name) for name in ("channels", "slices", "frames"))
    planes = channels * slices * frames
    images = _count(told, "images")
    if max(planes, images) != directories or (images > 1 and planes not in (1, images)):
        raise SourceError(
            f"{container.uri}: ImageJ tells of {max(planes, images)} planes ({channels} channels, {slices} slices, "
            f"{frames} frames), but {directories} directories have the size of the first; save it as OME-TIFF",
            uri=container.uri,
        )
    if planes != images and planes == 1:
        slices = images
    unit = _MM_PER_UNIT.get(str(told.get("unit", "")).strip().lower())
    step = told.get("spacing")
    known = unit is not None and isinstance(step, int | float) and math.isfinite(step) and step > 0
    return Stack(
        channels=channels,
        slices=slices,
        frames=frames,
        mm_per_unit=unit,
        step_um=float(step) * unit * _UM_PER_MM if known and unit is not None and step is not None else None,
        paths=tuple(_path(told, channel, channels, slices * frames) for channel in range(channels)),
    )


def _count(told: dict[str, Any], name: str) -> int:
    value = told.get(name, 1)
    return value if isinstance(value, int) and value > 0 else 1


def _path(told: dict[str, Any], channel: int, channels: int, others: int) -> OpticalPathFacts:
    """Several channels are fluorescence; a label a channel is its name, the end of its lookup table its colour."""
    labels, tables = told.get("Labels"), told.get("LUTs")
    name = labels[channel] if isinstance(labels, list) and others == 1 and channel < len(labels) else ""
    table = tables[channel] if isinstance(tables, list) and channel < len(tables) else None
    colour = None
    if table is not None and getattr(table, "shape", None) == (3, 256):
        red, green, blue = (int(part) for part in table[:, -1])
        colour = (red, green, blue)
    return OpticalPathFacts(
        name=str(name).strip(),
        illumination=Illumination.FLUORESCENCE if channels > 1 else Illumination.BRIGHTFIELD,
        colour=colour if channels > 1 else None,
    )
