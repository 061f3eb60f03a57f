"""Image descriptions as Aperio's scanners write them, from which readers of SVS tell what an image is.

The first line begins with the maker's name, by which the format is told. The second has the size, and the name of an
image that is not tiled; facts of the scan follow, between bars.
"""

from pipeline.io.runs.opened import OpenedSlide
from pipeline.model.plan import InstancePlan
from pipeline.model.source import ImageKind
from pipeline.model.transfer_syntaxes import TransferSyntax

_FIRST_LINE = "Aperio Image Library v12.0.16 (written by slidebeam)"
_NAMED = (ImageKind.LABEL, ImageKind.OVERVIEW)
_MICROMETRES_IN_MILLIMETRE = 1000


def aperio_description(slide: OpenedSlide, plan: InstancePlan, name: str, *, has_scale: bool) -> str:
    """Return the description of an image; `name` is that of label and macro."""
    base, grid = slide.plan.base.grid, plan.grid
    if plan.kind in _NAMED:
        return f"{_FIRST_LINE}\r\n{name} {grid.columns}x{grid.rows}"
    whole = f"{base.columns}x{base.rows}"
    scaled = f" -> {grid.columns}x{grid.rows}" if plan.level or plan.kind is ImageKind.THUMBNAIL else ""
    facts = "".join(f"|{key} = {value}" for key, value in _facts(slide, has_scale=has_scale).items())
    if plan.kind is ImageKind.THUMBNAIL:
        return f"{_FIRST_LINE}\r\n{whole}{scaled} - {facts}"
    coding = f"JPEG/RGB Q={slide.config.jpeg_quality}"
    if plan.transfer_syntax is not TransferSyntax.JPEG_BASELINE:
        coding = "J2K"
    return f"{_FIRST_LINE}\r\n{whole} [0,0 {whole}] ({grid.tile_columns}x{grid.tile_rows}){scaled} {coding}{facts}"


def _facts(slide: OpenedSlide, *, has_scale: bool) -> dict[str, str]:
    base, facts = slide.plan.base, slide.plan.facts
    values = {}
    if facts.objective_power is not None:
        values["AppMag"] = f"{facts.objective_power:g}"
    if base.pixel_spacing_mm is not None and has_scale:
        values["MPP"] = f"{base.pixel_spacing_mm[1] * _MICROMETRES_IN_MILLIMETRE:.10g}"
    values["OriginalWidth"], values["OriginalHeight"] = str(base.grid.columns), str(base.grid.rows)
    return values
