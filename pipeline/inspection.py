"""Look at a slide without converting it: what it says of itself, and what would be written.

Only headers, tile indexes and a sample of tiles are read. Metadata need not be there: what would be missing is told.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from pipeline.io.reports.plans import description_report, instance_plan_report
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import MetadataMissing, SlidebeamError
from pipeline.model.keys import SlideInput
from pipeline.model.plan import SlidePlan
from pipeline.model.source import SlideDescription


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A slide, and its plan or what stands in the way of one."""

    slide: SlideInput
    description: SlideDescription
    plan: SlidePlan | None = None
    obstacle: str = ""
    """Why it cannot be converted with these options; empty where it can."""
    missing_metadata: str = ""
    """What metadata has to give where placeholders are not wanted; empty where nothing is missing."""
    stored_bytes: dict[str, int] = field(default_factory=dict)
    """By name of an instance that passes: bytes of the source's tiles, which its frames keep but for their headers."""

    def report(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "slide_id": self.slide.slide_id,
            "uri": self.slide.uri,
            "slide": description_report(self.description),
            "convertible": self.plan is not None,
            "obstacle": self.obstacle or None,
            "missing_metadata": self.missing_metadata or None,
            "fingerprint": self.plan.fingerprint if self.plan else None,
            "instances": [
                {
                    **instance_plan_report(instance),
                    "pixel_bytes": instance.frame_bytes * instance.frames,
                    "stored_bytes": self.stored_bytes.get(instance.name),
                }
                for instance in (self.plan.instances if self.plan else ())
            ],
            "icc_profile_source": self.plan.icc_source if self.plan else None,
            "warnings": list(self.plan.warnings) if self.plan else [],
        }


def inspect_slide(slide: SlideInput, config: ConversionConfig) -> Inspection:
    """Return what is in a slide and what the configuration makes of it; raises SourceError where it cannot be read."""
    from pipeline.io.deidentification.opening import open_slide
    from pipeline.io.planning.slide import plan_slide

    source = open_slide(slide.uri, config)
    try:
        description = source.describe()
        try:
            plan = plan_slide(source, slide, dataclasses.replace(config, research_placeholder=True))
        except SlidebeamError as error:
            return Inspection(slide=slide, description=description, obstacle=error.message)
        stored = {}
        for instance in plan.instances:
            lengths = source.tile_lengths(instance.image)
            if instance.route.keeps_tiles and lengths is not None:
                stored[instance.name] = int(lengths.sum())
    finally:
        source.close()
    return Inspection(
        slide=slide,
        description=description,
        plan=plan,
        missing_metadata=_missing_metadata(plan, config, description),
        stored_bytes=stored,
    )


def _missing_metadata(plan: SlidePlan, config: ConversionConfig, description: SlideDescription) -> str:
    from pipeline.model.metadata import resolve_metadata
    from pipeline.model.metadata_merge import merged_metadata

    try:
        resolve_metadata(
            merged_metadata(config.metadata, description.metadata, pseudonyms=description.deidentified is not None),
            plan.facts,
            research_placeholder=config.research_placeholder,
            slide_name=plan.slide_id,
        )
    except MetadataMissing as error:
        return error.message
    return ""
