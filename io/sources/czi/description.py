"""What a scene of a CZI file is as a slide: its images, optical paths, focal planes and place.

Places of scenes are pixels of one mosaic, so scenes have origins in one coordinate system; what the stage's zero is on
the glass no file says, so the mosaic's corner is put where a slide of unknown origin begins.
"""

from dataclasses import replace

import numpy as np

from pipeline.io.sources.czi.attachments import AttachedImage
from pipeline.io.sources.czi.directory import SubBlocks
from pipeline.io.sources.czi.layout import Level, SceneLayout
from pipeline.io.sources.czi.metadata import CziMetadata
from pipeline.io.sources.czi.sub_block import LOSSLESS, CziCompression, PixelType
from pipeline.model.errors import SourceError
from pipeline.model.geometry import TileGrid
from pipeline.model.source import (
    Compression,
    Illumination,
    ImageKind,
    LossyHistory,
    LossyStage,
    OpticalPathFacts,
    ScannerFacts,
    SlideDescription,
    SourceImage,
    TaggedColour,
)

_TILE = 512
_CORNER_MM = (25.0, 50.0)
"""X and Y where the slide's glass begins beside the label, if a scanner does not say where it looked."""
_ASSUMED_DISTANCE_UM = 1.0


def describe_scene(
    *,
    layout: SceneLayout,
    kind: PixelType,
    metadata: CziMetadata,
    attached: list[AttachedImage],
    scenes: tuple[tuple[int, int], ...],
    mosaic_corner: tuple[int, int],
    warnings: tuple[str, ...],
    file_size: int,
    uri: str,
) -> SlideDescription:
    """Describe one scene. Raises SourceError where the metadata contradict the pixels."""
    doubts = list(warnings)
    paths = _optical_paths(layout, kind, metadata, doubts)
    offsets = _offsets(layout, metadata, doubts)
    bits = significant_bits(kind, metadata, uri)
    levels = [_level(number, level, layout, kind, bits, file_size) for number, level in enumerate(layout.levels)]
    others = [_attached(len(levels) + place, image) for place, image in enumerate(attached)]
    if layout.left_out:
        names = ", ".join(map(str, layout.left_out))
        doubts.append(f"level {names} of the file was left out: it does not show the whole scene in every plane")
    lit = all(path.illumination is Illumination.BRIGHTFIELD for path in paths)
    facts = replace(metadata.facts, background=((1 << bits) - 1 if lit else 0,) * kind.samples)
    return SlideDescription(
        format="czi",
        images=(*levels, *others),
        facts=_placed(facts, layout, mosaic_corner) if len(scenes) > 1 else facts,
        warnings=tuple(doubts),
        optical_paths=paths,
        focal_plane_offsets_um=offsets,
        scenes=tuple(_scene_name(s, t, scenes, metadata) for s, t in scenes) if len(scenes) > 1 else (),
        scene=scenes.index((layout.scene, layout.time)) + 1,
        shared_coordinates=len(scenes) > 1,
        properties=metadata.properties,
    )


def significant_bits(kind: PixelType, metadata: CziMetadata, uri: str) -> int:
    """Return Bits Stored of the levels. Raises SourceError when the metadata say more than a sample has."""
    told = metadata.component_bits
    if told is None or kind.bits == 8:
        return kind.bits
    if told > kind.bits:
        raise SourceError(f"{uri}: its metadata say {told} bits a sample, its pixels have {kind.bits}", uri=uri)
    return told if told > 8 else kind.bits


def _level(number: int, level: Level, layout: SceneLayout, kind: PixelType, bits: int, file_size: int) -> SourceImage:
    blocks = np.concatenate([plane.blocks for plane in level.planes])
    return SourceImage(
        index=number,
        kind=ImageKind.VOLUME,
        level=number,
        grid=TileGrid(level.columns, level.rows, _TILE, _TILE),
        tiled=False,
        samples=kind.samples,
        bits=kind.bits,
        significant_bits=bits if bits < kind.bits else None,
        optical_paths=len(layout.channels),
        focal_planes=len(layout.focal_planes),
        compression=Compression.OTHER,
        colour=TaggedColour.GRAY if kind.samples == 1 else TaggedColour.RGB,
        lossy=_lossy_history(blocks, kind, file_size),
    )


def _attached(index: int, image: AttachedImage) -> SourceImage:
    pixels = image.columns * image.rows * image.samples
    jpeg = image.compression is CziCompression.JPEG
    stages = (LossyStage("ISO_10918_1", max(1.0, pixels / max(1, image.attachment.size))),) if jpeg else ()
    return SourceImage(
        index=index,
        kind=image.kind,
        level=None,
        grid=TileGrid(image.columns, image.rows, image.columns, image.rows),
        tiled=False,
        samples=image.samples,
        bits=8,
        compression=Compression.OTHER,
        colour=TaggedColour.GRAY if image.samples == 1 else TaggedColour.RGB,
        lossy=LossyHistory(stages, unknown=not jpeg and image.compression not in LOSSLESS),
    )


def _lossy_history(blocks: SubBlocks, kind: PixelType, file_size: int) -> LossyHistory:
    """Of JPEG the ratio is the whole file's; JPEG XR may be reversible, and DICOM has no term for it."""
    lossy = set(blocks["compression"].tolist()) - {int(compression) for compression in LOSSLESS}
    if lossy != {int(CziCompression.JPEG)}:
        return LossyHistory(unknown=bool(lossy))
    pixels = float((blocks["stored_width"] * blocks["stored_height"]).sum())
    return LossyHistory((LossyStage("ISO_10918_1", max(1.0, pixels * kind.pixel_bytes / file_size)),))


def _optical_paths(
    layout: SceneLayout, kind: PixelType, metadata: CziMetadata, doubts: list[str]
) -> tuple[OpticalPathFacts, ...]:
    """One a channel. Gray of which nothing is told is taken as fluorescence, colour always as brightfield."""
    paths = []
    for place, channel in enumerate(layout.channels):
        index = channel if channel < len(metadata.channels) else place
        known = index < len(metadata.channels)
        facts = metadata.channels[index] if known else OpticalPathFacts()
        if kind.samples == 3:
            facts = replace(facts, illumination=Illumination.BRIGHTFIELD, colour=None)
        elif not (known and metadata.told[index]):
            facts = replace(facts, illumination=Illumination.FLUORESCENCE)
            name = f" ({facts.name})" if facts.name else ""
            doubts.append(f"channel {channel}{name}: how it was lit is not told; it is written as fluorescence")
        paths.append(facts)
    return tuple(paths)


def _offsets(layout: SceneLayout, metadata: CziMetadata, doubts: list[str]) -> tuple[float, ...]:
    planes = layout.focal_planes
    if len(planes) == 1:
        return (0.0,)
    distance = metadata.plane_distance_um
    if distance is None:
        distance = _ASSUMED_DISTANCE_UM
        doubts.append(f"the distance of its {len(planes)} focal planes is not told; {distance:g} micrometre is written")
    return tuple(abs(z - planes[0]) * distance for z in planes)


def _placed(facts: ScannerFacts, layout: SceneLayout, mosaic_corner: tuple[int, int]) -> ScannerFacts:
    """Rows of the mosaic run along -Y of the slide coordinate system, its columns along -X (PS3.3 C.8.12.2.1.1)."""
    if facts.pixel_spacing_mm is None:
        return facts
    down, across = facts.pixel_spacing_mm
    left, top = layout.left - mosaic_corner[0], layout.top - mosaic_corner[1]
    return replace(facts, origin_mm=(_CORNER_MM[0] - top * down, _CORNER_MM[1] - left * across))


def _scene_name(scene: int, time: int, scenes: tuple[tuple[int, int], ...], metadata: CziMetadata) -> str:
    named = 0 <= scene < len(metadata.scene_names) and metadata.scene_names[scene]
    parts = [named or f"scene {scene + 1}"] if len({s for s, _ in scenes}) > 1 else []
    if len({t for _, t in scenes}) > 1:
        parts.append(f"time point {time + 1}")
    return ", ".join(parts)
