"""What an ETS file is as images of a slide: levels, label or overview, optical paths, focal planes."""

from dataclasses import dataclass

from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.sources.vsi.ets import EtsCodec, EtsFile
from pipeline.io.sources.vsi.planes import Planes
from pipeline.io.sources.vsi.source import VsiImage
from pipeline.io.sources.vsi.volumes import Role, Volume
from pipeline.model.geometry import TileGrid
from pipeline.model.source import (
    Compression,
    Illumination,
    ImageKind,
    LossyHistory,
    LossyStage,
    OpticalPathFacts,
    SourceImage,
    TaggedColour,
)

_COMPRESSIONS = {EtsCodec.JPEG: Compression.JPEG, EtsCodec.JPEG_2000: Compression.JPEG_2000}
_MOST_ATTACHED_PIXELS = 1 << 26
_ASSUMED_DISTANCE_UM = 1.0


@dataclass(frozen=True, slots=True)
class Stack:
    """One ETS file and what the tags tell of it."""

    file: FileBytes
    ets: EtsFile
    planes: Planes
    volume: Volume | None

    @property
    def role(self) -> Role:
        """Say what the image is for; one of which the tags tell nothing is a slide."""
        return Role.SLIDE if self.volume is None else self.volume.role

    def grid(self, level: int) -> TileGrid:
        """Return the level's grid: each is half as large as the one before it, but no larger than its tiles."""
        reach = self.ets.extent(0)
        columns, rows = reach if self.volume is None else (self.volume.columns, self.volume.rows)
        for lower in range(1, level + 1):
            reach = self.ets.extent(lower)
            columns, rows = min((columns + 1) // 2, reach[0]), min((rows + 1) // 2, reach[1])
        return TileGrid(columns, rows, self.ets.tile_columns, self.ets.tile_rows)

    @property
    def levels(self) -> int:
        """Levels in a row from the base, each smaller than the one before."""
        known = set(self.ets.levels.tolist())
        count = 1
        while count in known:
            larger, smaller = self.grid(count - 1), self.grid(count)
            if (smaller.columns, smaller.rows) == (larger.columns, larger.rows):
                break
            count += 1
        return count


def describe_level(stack: Stack, level: int, image: VsiImage) -> SourceImage:
    """Describe a level."""
    compression = _COMPRESSIONS.get(stack.ets.codec, Compression.OTHER)
    return SourceImage(
        index=level,
        kind=ImageKind.VOLUME,
        level=level,
        grid=image.grid,
        tiled=True,
        samples=stack.ets.samples,
        bits=stack.ets.bits,
        optical_paths=len(stack.planes.channels),
        focal_planes=len(stack.planes.focal_planes),
        compression=compression,
        colour=_colour(stack),
        lossy=_lossy(stack, image),
        lossless_frames=compression is not Compression.OTHER,
    )


def describe_attached(stack: Stack, index: int, kind: ImageKind, image: VsiImage) -> SourceImage:
    """Label and overview are one frame, put together of their tiles: what JPEG 2000 lost nobody asks those."""
    grid = image.grid
    lossy = LossyHistory(unknown=True) if stack.ets.codec is EtsCodec.JPEG_2000 else _lossy(stack, image)
    return SourceImage(
        index=index,
        kind=kind,
        level=None,
        grid=TileGrid(grid.columns, grid.rows, grid.columns, grid.rows),
        tiled=False,
        samples=stack.ets.samples,
        bits=stack.ets.bits,
        compression=Compression.OTHER,
        colour=_colour(stack),
        lossy=lossy,
    )


def _colour(stack: Stack) -> TaggedColour:
    if stack.ets.samples == 1:
        return TaggedColour.GRAY
    return TaggedColour.YCBCR if stack.ets.codec is EtsCodec.JPEG else TaggedColour.RGB


def _lossy(stack: Stack, image: VsiImage) -> LossyHistory:
    """JPEG with the ratio of its bytes; what JPEG 2000 lost its codestreams tell, when the slide is planned."""
    if stack.ets.codec is not EtsCodec.JPEG:
        return LossyHistory()
    stored = sum(int(plane.lengths.sum()) for plane in image.planes)
    pixels = image.grid.columns * image.grid.rows * stack.ets.samples * len(image.planes)
    return LossyHistory((LossyStage("ISO_10918_1", max(1.0, pixels / max(1, stored))),))


def shown_level(stack: Stack) -> int | None:
    """Return the largest level of a label or overview that can be held in memory."""
    grids = (stack.grid(level) for level in range(stack.levels))
    return next((n for n, g in enumerate(grids) if g.columns * g.rows <= _MOST_ATTACHED_PIXELS), None)


def optical_paths(stack: Stack, doubts: list[str]) -> tuple[OpticalPathFacts, ...]:
    """Return one path a channel: colour is brightfield, gray fluorescence; `doubts` gets what was assumed."""
    names = stack.volume.channels if stack.volume is not None else ()
    wavelengths = stack.volume.wavelengths_nm if stack.volume is not None else ()
    count = len(stack.planes.channels)
    light = Illumination.BRIGHTFIELD if stack.ets.samples == 3 else Illumination.FLUORESCENCE
    if light is Illumination.FLUORESCENCE:
        doubts.append("how its channels were lit is not told; gray ones are written as fluorescence")
    told = len(wavelengths) == count and light is Illumination.FLUORESCENCE
    return tuple(
        OpticalPathFacts(
            name=names[place] if place < len(names) else "",
            illumination=light,
            emission_wavelength_nm=wavelengths[place] if told else None,
        )
        for place in range(count)
    )


def plane_offsets(stack: Stack, doubts: list[str]) -> tuple[float, ...]:
    """Return the place of each focal plane from the first in micrometres; `doubts` gets what was assumed."""
    planes = stack.planes.focal_planes
    if len(planes) == 1:
        return (0.0,)
    distance = stack.volume.plane_distance_um if stack.volume is not None else None
    if distance is None:
        distance = _ASSUMED_DISTANCE_UM
        doubts.append(f"the distance of its {len(planes)} focal planes is not told; {distance:g} micrometre is written")
    return tuple((plane - planes[0]) * distance for plane in planes)


def scene_name(number: int, stack: Stack, time: int) -> str:
    """Return the name of an image at a time point, or its number (from 1) where it has none."""
    name = stack.volume.name if stack.volume is not None and stack.volume.name else f"image {number}"
    return f"{name}, time point {time + 1}" if len(stack.planes.times) > 1 else name
