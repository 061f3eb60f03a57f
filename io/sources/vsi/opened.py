"""Opening a .vsi file: which of its ETS files are slides, which label and overview, and what they look like."""

import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.sources.scenes import check_scene
from pipeline.io.sources.vsi.ets import EtsCodec, EtsFile, read_ets
from pipeline.io.sources.vsi.planes import Planes, read_planes
from pipeline.io.sources.vsi.source import VsiImage, VsiSource
from pipeline.io.sources.vsi.tag_tree import read_tags
from pipeline.io.sources.vsi.tile_codecs import tile_codec
from pipeline.io.sources.vsi.tile_index import index_plane
from pipeline.io.sources.vsi.volumes import Role, Volume, read_facts, read_properties, read_volumes
from pipeline.model.errors import SourceError
from pipeline.model.geometry import TileGrid
from pipeline.model.source import (
    Compression,
    Illumination,
    ImageKind,
    LossyHistory,
    LossyStage,
    OpticalPathFacts,
    SlideDescription,
    SourceImage,
    TaggedColour,
)

_KINDS = {Role.LABEL: ImageKind.LABEL, Role.OVERVIEW: ImageKind.OVERVIEW}
_COMPRESSIONS = {EtsCodec.JPEG: Compression.JPEG, EtsCodec.JPEG_2000: Compression.JPEG_2000}
_MOST_ATTACHED_PIXELS = 1 << 26
_ASSUMED_DISTANCE_UM = 1.0


@dataclass(frozen=True, slots=True)
class _Stack:
    """One ETS file and what the tags tell of it."""

    file: FileBytes
    ets: EtsFile
    planes: Planes
    volume: Volume | None

    @property
    def role(self) -> Role:
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


def open_vsi(path: str, scene: int) -> SlideSource:
    """Open a slide of a .vsi file. Raises SourceError."""
    with ExitStack() as opened:
        try:
            source = _open(path, scene, opened)
        except SourceError:
            raise
        except Exception as error:  # numbers of a damaged file may contradict each other in any way
            raise SourceError(f"{path} is malformed ({type(error).__name__}: {error})", uri=path) from error
        opened.pop_all()
    return source


def _open(path: str, scene: int, opened: ExitStack) -> VsiSource:
    vsi = FileBytes(path)
    opened.callback(vsi.close)
    tags = read_tags(vsi)
    stacks = _stacks(path, read_volumes(tags), opened)
    slides = [(stack, time) for stack in stacks if stack.role is Role.SLIDE for time in stack.planes.times]
    if not slides:
        raise SourceError(f"{path}: none of its {len(stacks)} images is a slide (overviews, labels, masks)", uri=path)
    check_scene(path, scene, len(slides))
    stack, time = slides[scene - 1]
    images: list[VsiImage] = []
    described: list[SourceImage] = []
    for level in range(stack.levels):
        images.append(_image(stack, level, time, stack.grid(level)))
        described.append(_level(stack, level, images[-1]))
    for kind in (ImageKind.LABEL, ImageKind.OVERVIEW):
        beside = next((other for other in stacks if _KINDS.get(other.role) is kind), None)
        if beside is not None and (level := _shown_level(beside)) is not None:
            images.append(_image(beside, level, beside.planes.times[0], beside.grid(level)))
            described.append(_attached(beside, len(described), kind, images[-1]))
    doubts: list[str] = []
    volume = stack.volume
    facts = replace(
        read_facts(tags),
        pixel_spacing_mm=volume.spacing_mm if volume is not None else None,
        acquisition_datetime=volume.created if volume is not None else "",
        background=(((1 << stack.ets.bits) - 1) if stack.ets.samples == 3 else 0,) * stack.ets.samples,
    )
    if volume is None:
        doubts.append("its tags do not tell the size of this image: what its tiles reach to is taken")
    description = SlideDescription(
        format="vsi",
        images=tuple(described),
        facts=facts,
        optical_paths=_optical_paths(stack, doubts),
        focal_plane_offsets_um=_offsets(stack, doubts),
        scenes=tuple(_scene_name(n, s, t) for n, (s, t) in enumerate(slides, 1)) if len(slides) > 1 else (),
        scene=scene,
        properties=read_properties(tags),
        warnings=tuple(doubts),
    )
    return VsiSource(path, [vsi, *(other.file for other in stacks)], images, description)


def _stacks(path: str, volumes: list[Volume], opened: ExitStack) -> list[_Stack]:
    """Open the ETS files in the order of their folders' numbers, each with the volume that has its size."""
    folder = Path(path).with_name(f"_{Path(path).stem}_")
    files = sorted(folder.glob("stack*/*.ets"), key=_natural_order) if folder.is_dir() else []
    if not files:
        raise SourceError(
            f"{path}: its pixels are in ETS files of the folder {folder.name}, which is not beside it, or empty; "
            "copy both",
            uri=path,
        )
    left = list(volumes)
    stacks = []
    for name in files:
        file = FileBytes(str(name))
        opened.callback(file.close)
        ets = read_ets(file)
        volume = next((volume for volume in left if _fits(ets, volume)), None)
        if volume is not None:
            left.remove(volume)
        planes = read_planes(ets, volume.dimensions if volume is not None else {}, file.uri)
        stacks.append(_Stack(file, ets, planes, volume))
    return stacks


def _fits(ets: EtsFile, volume: Volume) -> bool:
    columns, rows = ets.extent(0) if (ets.levels == 0).any() else (0, 0)
    return columns - ets.tile_columns < volume.columns <= columns and rows - ets.tile_rows < volume.rows <= rows


def _image(stack: _Stack, level: int, time: int, grid: TileGrid) -> VsiImage:
    planes = tuple(index_plane(stack.ets, grid, level, fixed, stack.file.uri) for fixed in stack.planes.fixed(time))
    return VsiImage(stack.file, stack.ets, grid, planes, tile_codec(stack.ets))


def _level(stack: _Stack, level: int, image: VsiImage) -> SourceImage:
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


def _attached(stack: _Stack, index: int, kind: ImageKind, image: VsiImage) -> SourceImage:
    """Label and overview are one frame, put together of their tiles."""
    grid = image.grid
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
        lossy=_lossy(stack, image),
    )


def _colour(stack: _Stack) -> TaggedColour:
    if stack.ets.samples == 1:
        return TaggedColour.GRAY
    return TaggedColour.YCBCR if stack.ets.codec is EtsCodec.JPEG else TaggedColour.RGB


def _lossy(stack: _Stack, image: VsiImage) -> LossyHistory:
    if stack.ets.codec is not EtsCodec.JPEG:
        return LossyHistory(unknown=stack.ets.codec is EtsCodec.JPEG_2000 and image.planes[0].lengths.sum() == 0)
    stored = sum(int(plane.lengths.sum()) for plane in image.planes)
    pixels = image.grid.columns * image.grid.rows * stack.ets.samples * len(image.planes)
    return LossyHistory((LossyStage("ISO_10918_1", max(1.0, pixels / max(1, stored))),))


def _shown_level(stack: _Stack) -> int | None:
    """Return the largest level of a label or overview that can be held in memory."""
    grids = (stack.grid(level) for level in range(stack.levels))
    return next((n for n, g in enumerate(grids) if g.columns * g.rows <= _MOST_ATTACHED_PIXELS), None)


def _optical_paths(stack: _Stack, doubts: list[str]) -> tuple[OpticalPathFacts, ...]:
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


def _offsets(stack: _Stack, doubts: list[str]) -> tuple[float, ...]:
    planes = stack.planes.focal_planes
    if len(planes) == 1:
        return (0.0,)
    distance = stack.volume.plane_distance_um if stack.volume is not None else None
    if distance is None:
        distance = _ASSUMED_DISTANCE_UM
        doubts.append(
            f"the distance of its {len(planes)} focal planes is not told; {distance:g} micrometre is written"
        )
    return tuple((plane - planes[0]) * distance for plane in planes)


def _scene_name(number: int, stack: _Stack, time: int) -> str:
    name = stack.volume.name if stack.volume is not None and stack.volume.name else f"image {number}"
    return f"{name}, time point {time + 1}" if len(stack.planes.times) > 1 else name


def _natural_order(path: Path) -> Sequence[int | str]:
    parts = re.split(r"(\d+)", f"{path.parent.name}/{path.name}")
    return [int(part) if part.isdigit() else part for part in parts]
