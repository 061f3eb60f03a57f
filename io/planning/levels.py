"""Which images of a slide are written: its levels, those that are averaged from them, and the associated images."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.model.config import ConversionConfig
from pipeline.model.errors import SourceError
from pipeline.model.geometry import TileGrid
from pipeline.model.plan import InstancePlan
from pipeline.model.pyramid import LevelToBe, PyramidChain, PyramidStep, as_it_is, by_spacing, halved
from pipeline.model.reasons import Route
from pipeline.model.source import ImageKind, ScannerFacts, SlideDescription, SourceImage

_UNTILED_EDGE = 512
"""Edge in pixels of the frames of an image that is not tiled."""
_WANTED = {ImageKind.LABEL: "label", ImageKind.OVERVIEW: "overview", ImageKind.THUMBNAIL: "thumbnail"}


@dataclass(frozen=True, slots=True)
class WantedImage:
    """An image that is written."""

    image: SourceImage
    """As it is written: an averaged level has a size and a number of its own."""
    source: SourceImage
    """Whose pixels they are."""
    level: LevelToBe | None
    """Its place in the pyramid; None of an associated image."""

    @property
    def is_averaged(self) -> bool:
        """Whether the slide does not have it."""
        return self.level is not None and self.level.averaged

    @property
    def is_averaged_at_once(self) -> bool:
        """Whether it is averaged from the source level itself, and its factor is its scale."""
        return self.is_averaged and self.level is not None and self.level.parent is None


def wanted_images(
    description: SlideDescription, facts: ScannerFacts, config: ConversionConfig, uri: str
) -> list[WantedImage]:
    """Return levels, largest first, then the associated images that are not switched off.

    Raises SourceError for a level that the slide does not have, or a spacing finer than its own.
    """
    sources = _source_levels(description, config, uri)
    wanted = [
        WantedImage(_as_written(sources[level.source], level, number, config), sources[level.source], level)
        for number, level in enumerate(_pyramid(description.levels[0], sources, facts, config))
    ]
    sizes = {(level.image.grid.columns, level.image.grid.rows) for level in wanted}
    others = (
        image
        for image in description.images
        if image.kind in _WANTED
        and getattr(config, _WANTED[image.kind])
        and not (image.kind is ImageKind.THUMBNAIL and (image.grid.columns, image.grid.rows) in sizes)
    )
    return wanted + [WantedImage(image, image, None) for image in others]


def pyramid_chains(
    wanted: Sequence[WantedImage], instances: Sequence[Sequence[InstancePlan]]
) -> tuple[PyramidChain, ...]:
    """Return what is averaged: a chain for each source level that something is averaged from, and each of its paths.

    `instances` are those of each wanted image. A source level that is encoded itself is the first of its chain, so
    that its tiles are decoded once for all.
    """
    chains = []
    for index in dict.fromkeys(w.source.index for w in wanted if w.is_averaged):
        of_it = [n for n, w in enumerate(wanted) if w.level and w.source.index == index]
        members = [n for n in of_it if wanted[n].is_averaged or instances[n][0].route is Route.ENCODE]
        for path in range(len(instances[members[0]])):
            steps = [_step(wanted[n].level, instances[n][path].name, members) for n in members]
            chains.append(PyramidChain(index, tuple(steps)))
    return tuple(chains)


def _source_levels(description: SlideDescription, config: ConversionConfig, uri: str) -> list[SourceImage]:
    levels = list(description.levels)
    if config.levels is None:
        return levels
    beyond = [level for level in config.levels if level >= len(levels)]
    if beyond:
        raise SourceError(
            f"{uri} has no level {beyond[0]}: its levels are 0 to {len(levels) - 1}", uri=uri, level=beyond[0]
        )
    return [levels[level] for level in config.levels]


def _pyramid(
    base: SourceImage, sources: Sequence[SourceImage], facts: ScannerFacts, config: ConversionConfig
) -> list[LevelToBe]:
    sizes = [(source.grid.columns, source.grid.rows) for source in sources]
    if config.level_spacings_um is not None:
        spacing_um = 1000 * (facts.pixel_spacing_mm or (0.0, 0.0))[1]
        return by_spacing(sizes, spacing_um * base.grid.columns / sizes[0][0], config.level_spacings_um)
    has_no_pyramid = config.profile.tiff is not None and len(sources) == 1  # readers of TIFF want one
    if config.add_missing_levels or config.regenerate_pyramid or has_no_pyramid:
        return halved(sizes, frame_size(sources[0], config), keep=not config.regenerate_pyramid)
    return as_it_is(sizes)


def frame_size(source: SourceImage, config: ConversionConfig) -> tuple[int, int]:
    """Return columns and rows of a level's frames: the source's tiles unless another size was asked for."""
    if config.tile_size is None and source.tiled:
        return source.grid.tile_columns, source.grid.tile_rows
    edge = config.tile_size or _UNTILED_EDGE
    return edge, edge


def _as_written(source: SourceImage, level: LevelToBe, number: int, config: ConversionConfig) -> SourceImage:
    """Return the image with the number that it is written under: the source's where the pyramid is as it is."""
    if not level.averaged:
        return replace(source, level=number) if config.changes_pyramid else source
    grid = TileGrid(level.columns, level.rows, *frame_size(source, config))
    return replace(source, level=number, grid=grid, tiled=True, lossless_frames=False)


def _step(level: LevelToBe | None, name: str, members: Sequence[int]) -> PyramidStep:
    if level is None or not level.averaged:
        return PyramidStep(name, None, (1.0, 1.0))
    return PyramidStep(name, None if level.parent is None else members.index(level.parent), level.factor)
