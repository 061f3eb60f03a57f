"""The picture of a slide's routes: one level and one plane of it, chosen, drawn and named."""

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.io.reports.converted import ConvertedSlide
from pipeline.io.reports.route_map import LevelRoutes, route_maps
from pipeline.io.reports.route_map_png import picture_size, route_map_png
from pipeline.io.reports.slide_picture import slide_picture
from pipeline.io.sources.registry import open_source
from pipeline.model.errors import ConfigError
from pipeline.model.figures import count_text


class RoutePicture(NamedTuple):
    """A drawing and what it is of."""

    png: bytes
    title: str


def draw_routes(
    slide: ConvertedSlide,
    maps: Sequence[LevelRoutes] = (),
    *,
    level: int | None = None,
    size: int = 1024,
    optical_path: int = 0,
    focal_plane: int = 0,
) -> RoutePicture:
    """Draw the tiles of a level over the slide; the base and the first plane unless others are asked for.

    `maps` are those of `route_maps`, which are read where they are not given; `size` is the longer edge of the map in
    pixels, the legend comes below it. Raises ConfigError for a level or plane that is not there, and what reading
    raises.
    """
    maps = maps or route_maps(slide)
    chosen = next((one for one in maps if level in (None, one.level)), None)
    if chosen is None:
        raise ConfigError(
            f"{slide.series} has no level {level}; its levels are {', '.join(str(m.level) for m in maps)}"
        )
    paths, planes = chosen.optical_paths, chosen.heights_um
    for name, number, count in (("optical path", optical_path, len(paths)), ("focal plane", focal_plane, len(planes))):
        if not 0 <= number < count:
            raise ConfigError(f"{slide.series} has no {name} {number}: it has {count}, counted from 0")
    with open_source(slide.series) as source:
        plane = optical_path * len(planes) + focal_plane
        picture = slide_picture(source, picture_size(chosen, size), plane)
    title = _title(slide, chosen, optical_path, focal_plane)
    return RoutePicture(
        route_map_png(chosen, picture, title, optical_path=optical_path, focal_plane=focal_plane), title
    )


def _title(slide: ConvertedSlide, level: LevelRoutes, optical_path: int, focal_plane: int) -> str:
    grid, paths, heights = level.grid, level.optical_paths, level.heights_um
    words = [
        f"level {level.level} of {slide.slide_id}",
        f"{grid.columns} x {grid.rows} pixels in {count_text(grid.frames, 'tile')} of {grid.tile_columns} x "
        f"{grid.tile_rows}",
    ]
    if len(paths) > 1:
        words.append(f"optical path {optical_path} of {len(paths)}")
    if len(heights) > 1:
        words.append(f"focal plane {focal_plane} of {len(heights)} (at {heights[focal_plane]:g} micrometres)")
    return ", ".join(words)
