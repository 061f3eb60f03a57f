"""`slidebeam routes DIR [SLIDE]`: which tiles of a converted slide passed, and which were encoded, and why."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.failing import run_guarded
from pipeline.cli.messages import messages_shown, tell
from pipeline.io.storage.address import is_address
from pipeline.model.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.io.reports.converted import ConvertedSlide
    from pipeline.io.reports.route_map import LevelRoutes

_SMALLEST, _USUAL, _LARGEST = 64, 1024, 8192
"""Pixels of the picture's longer edge."""


def main(argv: Sequence[str]) -> int:
    """Show the routes of slides and return the exit code: 0 when they could be told."""
    return run_guarded(lambda: _routes(_arguments(argv)), argv)


def _routes(arguments: argparse.Namespace) -> int:
    from pipeline.cli.routes_text import route_lines, routes_report
    from pipeline.io.reports.converted import find_converted, names_text
    from pipeline.io.reports.route_map import route_maps

    _check_picture(arguments)
    with messages_shown(verbose=arguments.verbose):
        slides = find_converted(arguments.folder, arguments.slide)
        if arguments.png and len(slides) > 1:
            raise ConfigError(f"--png shows one slide, and {arguments.folder} holds {names_text(slides)}; name one")
        for slide in slides:
            maps = route_maps(slide)
            if arguments.json:
                print(json.dumps(routes_report(slide, maps)))
            else:
                print("\n".join(route_lines(slide, maps)))
            if arguments.png:
                _draw(slide, maps, arguments)
    return 0


def _check_picture(arguments: argparse.Namespace) -> None:
    if not arguments.png:
        of_picture = ("level", "size", "optical_path", "focal_plane")
        given = next((name for name in of_picture if getattr(arguments, name) is not None), None)
        if given:
            raise ConfigError(f"--{given.replace('_', '-')} says what --png FILE shows; give both")
        return
    if is_address(arguments.png):
        raise ConfigError(f"--png {arguments.png}: pictures are written to a disk; give a path")
    if arguments.size is not None and not _SMALLEST <= arguments.size <= _LARGEST:
        raise ConfigError(f"--size {arguments.size}: the longer edge is {_SMALLEST} to {_LARGEST} pixels")


def _draw(slide: "ConvertedSlide", maps: "Sequence[LevelRoutes]", arguments: argparse.Namespace) -> None:
    from pipeline.io.reports.route_picture import draw_routes

    picture = draw_routes(
        slide,
        maps,
        level=arguments.level,
        size=arguments.size or _USUAL,
        optical_path=arguments.optical_path or 0,
        focal_plane=arguments.focal_plane or 0,
    )
    try:
        Path(arguments.png).write_bytes(picture.png)
    except OSError as error:
        raise ConfigError(f"--png {arguments.png} cannot be written: {error.strerror}") from error
    tell(f"{arguments.png} shows {picture.title}")


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    from pipeline.options import CommandParser

    parser = CommandParser(
        prog="slidebeam routes",
        description="Show which tiles of converted slides passed, which were encoded, averaged or missing, and why.",
    )
    parser.add_argument("folder", metavar="DIR", help="output of a conversion, or a slide's folder in it")
    parser.add_argument("slide", metavar="SLIDE", nargs="?", default="", help="name of a slide in it (default: all)")
    parser.add_argument("--png", metavar="FILE", help="draw the tiles of a level over a picture of the slide")
    parser.add_argument("--level", type=int, metavar="N", help="level that is drawn (default: the base)")
    parser.add_argument("--size", type=int, metavar="N", help=f"longer edge in pixels (default: {_USUAL})")
    parser.add_argument("--optical-path", type=int, metavar="N", help="drawn, from 0 (default: 0)")
    parser.add_argument("--focal-plane", type=int, metavar="N", help="drawn, from 0 (default: 0)")
    parser.add_argument("--json", action="store_true", help="print a line of JSON a slide on stdout")
    parser.add_argument("--verbose", action="store_true", help="say more, and show the traceback of an error")
    return parser.parse_args(list(argv))
