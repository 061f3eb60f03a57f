"""The one table of all rules, by family."""

from pipeline.io.validation import (
    codestream_rules,
    colour_profile,
    concatenations,
    dimensions,
    file_meta,
    identity,
    image_flavours,
    lossy_history,
    offset_tables,
    optical_paths,
    pixel_structure,
    pyramid_geometry,
    specimen_rules,
    tile_geometry,
    value_rules,
)
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.rule import Rule
from pipeline.io.validation.series import Series

INSTANCE_RULES: tuple[Rule[Instance], ...] = (
    *file_meta.RULES,
    *value_rules.RULES,
    *identity.INSTANCE_RULES,
    *image_flavours.RULES,
    *pixel_structure.RULES,
    *offset_tables.RULES,
    *codestream_rules.RULES,
    *tile_geometry.RULES,
    *dimensions.RULES,
    *pyramid_geometry.INSTANCE_RULES,
    *optical_paths.RULES,
    *colour_profile.RULES,
    *lossy_history.INSTANCE_RULES,
    *specimen_rules.RULES,
    *concatenations.INSTANCE_RULES,
)
"""Run over every instance."""

SERIES_RULES: tuple[Rule[Series], ...] = (
    *identity.SERIES_RULES,
    *pyramid_geometry.SERIES_RULES,
    *lossy_history.SERIES_RULES,
    *concatenations.SERIES_RULES,
)
"""Run over every series."""

RULES: tuple[Rule[Instance] | Rule[Series], ...] = (*INSTANCE_RULES, *SERIES_RULES)

FAMILIES = {
    "meta": "file meta information",
    "values": "values by their representation",
    "identity": "identity set",
    "image": "kind of image",
    "pixels": "pixel structure",
    "offsets": "offset tables",
    "photometric": "photometric interpretation",
    "codestream": "frames against the header",
    "tiles": "tile geometry",
    "dimensions": "dimension order",
    "pyramid": "pyramid geometry",
    "paths": "optical paths and focal planes",
    "icc": "colour profile",
    "lossy": "lossy history",
    "specimen": "specimen",
    "concatenation": "concatenations",
}
"""What comes before the dot of an id, in words."""
