r"""Where an image lies on the glass, and how large it is there, in millimetres.

The Slide Coordinate System (PS3.3 C.8.12.2.1.1) has its origin in a corner of the slide, X across it, Y along it and
Z out of it. A scanner shows the slide with the label on the left: then rows run along -Y and columns along -X, and an
image is seen from above. The other matrix that is often written, 1\0\0\0\1\0, would show it from below,
mirrored.
"""

from collections.abc import Sequence

from pipeline.model.errors import ConfigError
from pipeline.model.plan import InstancePlan, SlidePlan
from pipeline.model.source import ImageKind, ScannerFacts

ORIENTATION = (0, -1, 0, -1, 0, 0)
"""Direction cosines of rows and columns for a slide with its label on the left."""
_SLIDE_WIDTH_MM = 25.0
_LABEL_BEGINS_MM = 50.0
SLIDE_LENGTH_MM = 75.0


def origin_mm(facts: ScannerFacts, kind: ImageKind) -> tuple[float, float]:
    """Return X and Y of the top left pixel; of a standard slide's corner where the scanner does not say.

    Levels and thumbnail begin beside the label, label and overview at the end of the slide.
    """
    if kind in (ImageKind.LABEL, ImageKind.OVERVIEW):
        return _SLIDE_WIDTH_MM, SLIDE_LENGTH_MM
    return facts.origin_mm or (_SLIDE_WIDTH_MM, _LABEL_BEGINS_MM)


def pixel_spacing_mm(instance: InstancePlan) -> tuple[float, float]:
    """Return the spacing (between rows, between columns), the order of PixelSpacing.

    The cameras of label and overview are not calibrated, yet PixelSpacing is required where Volumetric Properties is
    VOLUME (PS3.3 C.7.6.16.2.1) and viewers fail without it. There it is nominal: the shorter side spans the 25 mm of
    a slide's width.
    """
    if instance.pixel_spacing_mm is not None:
        return instance.pixel_spacing_mm
    if instance.kind in (ImageKind.LABEL, ImageKind.OVERVIEW):
        nominal = _SLIDE_WIDTH_MM / min(instance.grid.columns, instance.grid.rows)
        return nominal, nominal
    raise ConfigError(f"{instance.name}: no pixel spacing is known; give it with --source-pixel-spacing-mm ROW,COL")


def imaged_volume_mm(plan: SlidePlan, instance: InstancePlan) -> tuple[float, float]:
    """Return Imaged Volume Width and Height (PS3.3 C.8.12.4.1.2).

    Every level of a pyramid shows the same volume: the base's. Rounding of a level's size makes it no larger or
    smaller.
    """
    shown = plan.base if instance.kind in (ImageKind.VOLUME, ImageKind.THUMBNAIL) else instance
    between_rows, between_columns = pixel_spacing_mm(shown)
    return shown.grid.columns * between_columns, shown.grid.rows * between_rows


def imaged_volume_depth_um(plan: SlidePlan, instance: InstancePlan) -> float:
    """Return Imaged Volume Depth in micrometres: of one focal plane, or of all of them together."""
    depth = plan.metadata.imaged_volume_depth_um
    if instance.focal_planes == 1:
        return depth
    return plan.focal_plane_offsets_um[-1] - plan.focal_plane_offsets_um[0] + depth


def focal_plane_spacing_mm(offsets_um: Sequence[float]) -> float:
    """Return Spacing Between Slices of two or more focal planes, the mean of their distances."""
    return (offsets_um[-1] - offsets_um[0]) / (len(offsets_um) - 1) / 1000
