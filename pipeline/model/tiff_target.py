"""What planning a slide has to know when it is to become a TIFF, and not DICOM. It travels in the `TargetProfile`."""

from dataclasses import dataclass
from enum import StrEnum

TILE_MULTIPLE = 16
"""Width and length of tiles are multiples of it (TIFF 6.0, section 15)."""


class TiffFormat(StrEnum):
    """Which TIFF is written. All of them are tiled, classic TIFF 6.0 or BigTIFF."""

    TIFF = "tiff"
    """Levels follow each other in the chain of directories: for OpenSlide, libvips, QuPath and most servers."""
    OME_TIFF = "ome-tiff"
    """Levels are SubIFDs, and OME-XML describes them: the one that holds several channels and focal planes."""
    SVS = "svs"
    """Descriptions as Aperio's scanners write them, by which readers tell magnification, label and macro."""

    @property
    def suffix(self) -> str:
        """Of a file of this format whose name is not given."""
        return _SUFFIXES[self]


_SUFFIXES = {TiffFormat.TIFF: ".tiff", TiffFormat.OME_TIFF: ".ome.tiff", TiffFormat.SVS: ".svs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffTarget:
    """What shapes the plan of a slide that becomes a TIFF."""

    format: TiffFormat = TiffFormat.TIFF
    keep_icc: bool = False
    """The slide's ICC profile goes on."""
    optical_path: int | None = None
    """Number of the one that is exported, from 0; None: all, which is an error for several outside OME-TIFF."""
    focal_plane: int | None = None
    """Number of the one that is exported, from 0, the nearest to the glass; None: all, as above."""
