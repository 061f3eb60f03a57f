"""Slides and plans as JSON: what reports and `slidebeam inspect` have in common."""

import dataclasses
from typing import Any

from pipeline.model.geometry import TileGrid
from pipeline.model.plan import InstancePlan
from pipeline.model.source import LossyHistory, SlideDescription


def description_report(description: SlideDescription) -> dict[str, Any]:
    """Return what a slide says of itself; pixels of the ICC profile's bytes are counted, not shown."""
    return {
        "format": description.format,
        "images": [
            {
                "index": image.index,
                "kind": image.kind.value,
                "level": image.level,
                "geometry": grid_report(image.grid),
                "tiled": image.tiled,
                "samples": image.samples,
                "bits": image.bits,
                "compression": image.compression.value,
                "colour": image.colour.value,
                "lossy_history": lossy_report(image.lossy),
            }
            for image in description.images
        ],
        "facts": dataclasses.asdict(description.facts),
        "icc_profile_bytes": len(description.icc_profile),
        "warnings": list(description.warnings),
    }


def instance_plan_report(plan: InstancePlan) -> dict[str, Any]:
    """Return what an instance is going to be, or is."""
    return {
        "name": plan.name,
        "kind": plan.kind.value,
        "level": plan.level,
        "transfer_syntax_uid": plan.transfer_syntax.value,
        "photometric_interpretation": plan.photometric.value,
        "samples": plan.samples,
        "bits": plan.bits,
        "geometry": grid_report(plan.grid),
        "organization": plan.organization.value,
        "optical_paths": list(plan.optical_paths),
        "focal_planes": plan.focal_planes,
        "averaged": plan.averaged,
        "pixel_spacing_mm": list(plan.pixel_spacing_mm) if plan.pixel_spacing_mm else None,
        "route": plan.route.value,
        "reason": plan.reason.value if plan.reason else None,
        "citation": plan.reason.citation if plan.reason else None,
        "reversible": plan.reversible,
        "lossy_history": lossy_report(plan.lossy),
    }


def lossy_report(history: LossyHistory) -> dict[str, Any]:
    """Return what is known of lossy compression before this conversion."""
    return {
        "stages": [{"method": stage.method, "ratio": stage.ratio} for stage in history.stages],
        "unknown": history.unknown,
    }


def grid_report(grid: TileGrid) -> dict[str, int]:
    """Return sizes of image and tile in pixels, and the number of tiles."""
    return {
        "columns": grid.columns,
        "rows": grid.rows,
        "tile_columns": grid.tile_columns,
        "tile_rows": grid.tile_rows,
        "tiles": grid.frames,
    }
