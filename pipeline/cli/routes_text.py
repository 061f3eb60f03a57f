"""What `slidebeam routes` says: to people a table a level, to programs the same as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.cli.columns import aligned
from pipeline.io.reports.converted import ConvertedSlide
from pipeline.io.reports.route_map import LevelRoutes, WayShare
from pipeline.model.figures import count_text, share_text


def route_lines(slide: ConvertedSlide, maps: Sequence[LevelRoutes]) -> Iterator[str]:
    """Yield the slide, a row for each way that tiles of a level went, and what the reasons mean."""
    yield f"{slide.slide_id} in {slide.output}"
    yield from aligned(row for level in maps for row in _rows(level))
    reasons = {share.way.reason for level in maps for share in level.shares() if share.way.reason}
    yield from (f"  {reason}: {reason.citation}" for reason in sorted(reasons))


def routes_report(slide: ConvertedSlide, maps: Sequence[LevelRoutes]) -> dict[str, Any]:
    """Return the same as plain values."""
    return {
        "slide_id": slide.slide_id,
        "output_dir": slide.output,
        "levels": [
            {
                "level": level.level,
                "columns": level.grid.columns,
                "rows": level.grid.rows,
                "tile_columns": level.grid.tile_columns,
                "tile_rows": level.grid.tile_rows,
                "optical_paths": len(level.optical_paths),
                "focal_planes": len(level.heights_um),
                "tiles": level.tiles.size,
                "ways": [
                    {
                        "fate": share.way.fate.value,
                        "route": share.way.route,
                        "reason": share.way.reason,
                        "citation": share.way.reason.citation if share.way.reason else None,
                        "tiles": share.tiles,
                    }
                    for share in level.shares()
                ],
            }
            for level in maps
        ],
    }


def _rows(level: LevelRoutes) -> Iterator[list[str]]:
    """Yield a row a way; level, size and planes are told once."""
    grid = level.grid
    several = {"optical path": len(level.optical_paths), "focal plane": len(level.heights_um)}
    planes = "".join(f", {count_text(count, name)}" for name, count in several.items() if count > 1)
    told = [f"level {level.level}", f"{grid.columns} x {grid.rows}{planes}"]
    for share in level.shares():
        yield [*told, *_share_cells(share, level.tiles.size)]
        told = ["", ""]


def _share_cells(share: WayShare, total: int) -> list[str]:
    return [share.way.fate, count_text(share.tiles, "tile"), share_text(share.tiles / total), share.way.reason or ""]
