"""What `slidebeam inspect` says to people."""

from collections.abc import Iterator

from pipeline.cli.columns import aligned
from pipeline.inspection import Inspection
from pipeline.model.figures import bytes_text, count_text
from pipeline.model.plan import InstancePlan
from pipeline.model.reasons import Route
from pipeline.model.source import (
    Compression,
    LossyHistory,
    OpticalPathFacts,
    ScannerFacts,
    SlideDescription,
    SourceImage,
)

_KEPT = {
    Route.PASSTHROUGH: "passes through",
    Route.RETILED: "re-tiled without decoding",
    Route.RECOMPRESSED: "recompressed, its JPEG comes back",
}


def inspection_lines(inspection: Inspection) -> Iterator[str]:
    """Yield the slide's images and facts, then the instances that would be written."""
    description = inspection.description
    yield f"{inspection.slide.slide_id}: {description.format}"
    levels = list(description.levels)
    others = [image for image in description.images if image not in levels]
    yield from aligned(_image_row(image) for image in levels + others)
    yield from (f"  {name}: {value}" for name, value in _facts(description))
    if inspection.plan is None:
        return
    yield "would become"
    yield from aligned(_instance_row(inspection, instance) for instance in inspection.plan.instances)
    reasons = {instance.reason for instance in inspection.plan.instances if instance.reason}
    yield from (f"  {reason}: {reason.citation}" for reason in sorted(reasons))
    yield from (f"  note: {warning}" for warning in inspection.plan.warnings)
    if inspection.missing_metadata:
        yield f"  metadata: {inspection.missing_metadata}"


def _image_row(image: SourceImage) -> list[str]:
    grid = image.grid
    several = {"optical path": image.optical_paths, "focal plane": image.focal_planes}
    planes = "".join(f", {count_text(count, name)}" for name, count in several.items() if count > 1)
    name = f"level {image.level}" if image.level is not None else image.kind.lower()
    tiles = f"{count_text(grid.frames, 'tile')} of {grid.tile_columns} x {grid.tile_rows}" if image.tiled else "untiled"
    tiles += planes
    samples = f"{'gray' if image.samples == 1 else 'colour'} {image.bits_stored} bit"
    stored = image.compression.value if image.compression.value != "other" else "no DICOM codec"
    lossy = _lossy_text(image.lossy)
    if image.compression is Compression.JPEG_2000 and not image.lossy.is_lossy:
        lossy = "reversible or not: each codestream says"
    return [name, f"{grid.columns} x {grid.rows}", tiles, samples, f"{stored}, {lossy}"]


def _instance_row(inspection: Inspection, instance: InstancePlan) -> list[str]:
    grid = instance.grid
    pixels = bytes_text(instance.frame_bytes * instance.frames)
    if instance.route.keeps_tiles:
        stored = inspection.stored_bytes.get(instance.name)
        way = _KEPT[instance.route] + (f", {bytes_text(stored)}" if stored is not None else "")
    else:
        kept = "without loss" if instance.reversible else "with loss"
        way = f"encoded {kept} from {pixels} of pixels ({instance.reason})"
    frames = f"{count_text(instance.frames, 'frame')} of {grid.tile_columns} x {grid.tile_rows}"
    return [instance.file_name, frames, instance.transfer_syntax.option, instance.photometric.value, way]


def _facts(description: SlideDescription) -> Iterator[tuple[str, str]]:
    facts: ScannerFacts = description.facts
    if facts.pixel_spacing_mm is not None:
        row, column = (1000 * spacing for spacing in facts.pixel_spacing_mm)
        yield "micrometres per pixel", f"{row:.4g}" if row == column else f"{row:.4g} down, {column:.4g} across"
    else:
        yield "micrometres per pixel", "not told; --source-pixel-spacing-mm gives them"
    if len(description.optical_paths) > 1 or description.optical_paths[0].name:
        yield "optical paths", ", ".join(map(_path_text, description.optical_paths))
    if len(description.focal_plane_offsets_um) > 1:
        yield "focal planes at", ", ".join(f"{z:g}" for z in description.focal_plane_offsets_um) + " micrometres"
    scanner = " ".join(part for part in (facts.manufacturer, facts.model) if part)
    named = {
        "objective": f"{facts.objective_power:g}x" if facts.objective_power else "",
        "scanner": scanner,
        "serial number": facts.serial_number,
        "software": ", ".join(facts.software_versions),
        "scanned": facts.acquisition_datetime,
        "barcode": facts.barcode,
        "label text": facts.label_text,
        "focus": facts.focus_method,
    }
    yield from ((name, value) for name, value in named.items() if value)
    yield "ICC profile", bytes_text(len(description.icc_profile)) if description.icc_profile else "none"


def _lossy_text(history: LossyHistory) -> str:
    if history.stages:
        return "lossy " + ", ".join(f"{stage.ratio:.1f}:1" for stage in history.stages)
    return "history not known" if history.unknown else "lossless"


def _path_text(path: OpticalPathFacts) -> str:
    waves = [f"{w:g} nm" for w in (path.excitation_wavelength_nm, path.emission_wavelength_nm) if w]
    told = ", ".join([path.illumination.value, " to ".join(waves)] if waves else [path.illumination.value])
    return f"{path.name} ({told})" if path.name else told
