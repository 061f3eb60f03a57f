"""Settings of what is said about the images: metadata, colour, identity; a part of the table in `settings`."""

from pipeline.configs.setting import Setting, terms
from pipeline.configs.tissue_presets import anatomic_sites, specimen_preset_names
from pipeline.configs.values import (
    background,
    icc,
    one_of,
    one_of_names,
    spacing,
    switch,
    text,
    texts,
)
from pipeline.model.config import UidPolicy
from pipeline.model.deidentification import DatePolicy

_CONTENT = "metadata and identity"
_IDENTITY = "de-identification"

CONTENT_SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="metadata",
        field="metadata",
        parse=texts,
        group=_CONTENT,
        metavar="FILE",
        repeated=True,
        help="JSON with patient, study and specimen: our keys, FHIR R4, or wsidicomizer's; of several files the later "
        "one counts (--sample-metadata prints one)",
    ),
    Setting(
        name="fhir-anchor",
        parse=text,
        group=_CONTENT,
        metavar="NAME",
        help="which resource of a FHIR Bundle is this slide's: Specimen/ID, or an identifier (default: the only "
        "DiagnosticReport, or Specimen)",
    ),
    Setting(
        name="dataset",
        parse=text,
        group=_CONTENT,
        metavar="FILE",
        help="JSON of attributes by keyword or gggg,eeee, written over all others",
    ),
    Setting(
        name="specimen-preset",
        parse=one_of_names(specimen_preset_names()),
        group=_CONTENT,
        metavar=terms(specimen_preset_names()),
        help="how the tissue was prepared, where the metadata does not say (default: nothing is said)",
    ),
    Setting(
        name="anatomic-site",
        parse=one_of_names(sorted(anatomic_sites())),
        group=_CONTENT,
        metavar="NAME",
        help=f"where the tissue was taken from, where the metadata does not say: {', '.join(sorted(anatomic_sites()))}",
    ),
    Setting(
        name="research-placeholder",
        field="research_placeholder",
        parse=switch,
        group=_CONTENT,
        help="fill required attributes without a value with marked placeholders (default: an error)",
    ),
    Setting(
        name="icc",
        field="icc",
        parse=icc,
        group=_CONTENT,
        metavar="{source-or-srgb,require-source,omit,file:PATH}",
        help="ICC profile of colour images; omit breaks the standard (default: source-or-srgb)",
    ),
    Setting(
        name="background",
        field="background",
        parse=background,
        group=_CONTENT,
        metavar="RRGGBB",
        help="colour, or gray value, of missing tiles and of what lies beyond the image (default: the slide's own)",
    ),
    Setting(
        name="deidentify",
        field="deidentify",
        parse=switch,
        group=_IDENTITY,
        help="carry nothing over that tells whose slide it is; --metadata gives the new identity (default: carry over)",
    ),
    Setting(
        name="deidentify-key",
        parse=text,
        group=_IDENTITY,
        metavar="FILE",
        help="secret that pseudonyms and UIDs are made with: slides of one patient stay together (default: none)",
    ),
    Setting(
        name="deidentify-dates",
        parse=one_of(DatePolicy),
        group=_IDENTITY,
        metavar=terms(list(DatePolicy)),
        help="what becomes of the slide's dates; shift needs a key (default: remove)",
    ),
    Setting(
        name="deidentify-crosswalk",
        field="crosswalk",
        parse=text,
        group=_IDENTITY,
        metavar="FILE",
        help="CSV that receives the new name of each slide and its path; not in the output (default: none is written)",
    ),
    Setting(
        name="source-pixel-spacing-mm",
        field="source_pixel_spacing_mm",
        parse=spacing,
        group=_CONTENT,
        metavar="ROW,COL",
        help="spacing of the base level's pixels in mm, between rows and between columns; beats the slide's own "
        "(default: the slide's)",
    ),
    Setting(
        name="uid-policy",
        field="uid_policy",
        parse=one_of(UidPolicy),
        group=_CONTENT,
        metavar=terms(list(UidPolicy)),
        help="deterministic: same slide, options and metadata, same UIDs; fresh: new ones every time "
        "(default: deterministic)",
    ),
)
