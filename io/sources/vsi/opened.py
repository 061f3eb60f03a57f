"""Opening a .vsi file: which of its ETS files are slides, which label and overview, and what they look like."""

import re
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.sources.scenes import check_scene
from pipeline.io.sources.vsi.description import (
    Stack,
    describe_attached,
    describe_level,
    optical_paths,
    plane_offsets,
    scene_name,
    shown_level,
)
from pipeline.io.sources.vsi.ets import EtsFile, read_ets
from pipeline.io.sources.vsi.planes import read_planes
from pipeline.io.sources.vsi.source import VsiImage, VsiSource
from pipeline.io.sources.vsi.tag_tree import read_tags
from pipeline.io.sources.vsi.tile_codecs import tile_codec
from pipeline.io.sources.vsi.tile_index import index_plane
from pipeline.io.sources.vsi.volumes import Role, Volume, read_facts, read_properties, read_volumes
from pipeline.model.errors import SourceError
from pipeline.model.geometry import TileGrid
from pipeline.model.source import ImageKind, SlideDescription, SourceImage

_KINDS = {Role.LABEL: ImageKind.LABEL, Role.OVERVIEW: ImageKind.OVERVIEW}


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
    # Where some images are told what they are, one of which nothing is told may be a label: it is no slide.
    told = [stack for stack in stacks if stack.volume is not None]
    slides = [(stack, time) for stack in told or stacks if stack.role is Role.SLIDE for time in stack.planes.times]
    if not slides:
        raise SourceError(f"{path}: none of its {len(stacks)} images is a slide (overviews, labels, masks)", uri=path)
    check_scene(path, scene, len(slides))
    stack, time = slides[scene - 1]
    images: list[VsiImage] = []
    described: list[SourceImage] = []
    for level in range(stack.levels):
        images.append(_image(stack, level, time, stack.grid(level)))
        described.append(describe_level(stack, level, images[-1]))
    for kind in (ImageKind.LABEL, ImageKind.OVERVIEW):
        beside = next((other for other in stacks if _KINDS.get(other.role) is kind), None)
        if beside is not None and (shown := shown_level(beside)) is not None:
            images.append(_image(beside, shown, beside.planes.times[0], beside.grid(shown)))
            described.append(describe_attached(beside, len(described), kind, images[-1]))
    doubts = [
        f"{stack.file.uri} was left out: no tag tells what it shows"
        for stack in stacks
        if stack not in (told or stacks)
    ]
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
        optical_paths=optical_paths(stack, doubts),
        focal_plane_offsets_um=plane_offsets(stack, doubts),
        scenes=tuple(scene_name(n, s, t) for n, (s, t) in enumerate(slides, 1)) if len(slides) > 1 else (),
        scene=scene,
        properties=read_properties(tags),
        warnings=tuple(doubts),
    )
    return VsiSource(path, [vsi, *(other.file for other in stacks)], images, description)


def _stacks(path: str, volumes: list[Volume], opened: ExitStack) -> list[Stack]:
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
        stacks.append(Stack(file, ets, planes, volume))
    return stacks


def _fits(ets: EtsFile, volume: Volume) -> bool:
    columns, rows = ets.extent(0) if (ets.levels == 0).any() else (0, 0)
    return columns - ets.tile_columns < volume.columns <= columns and rows - ets.tile_rows < volume.rows <= rows


def _image(stack: Stack, level: int, time: int, grid: TileGrid) -> VsiImage:
    planes = tuple(index_plane(stack.ets, grid, level, fixed, stack.file.uri) for fixed in stack.planes.fixed(time))
    return VsiImage(stack.file, stack.ets, grid, planes, tile_codec(stack.ets))


def _natural_order(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", f"{path.parent.name}/{path.name}")
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]
