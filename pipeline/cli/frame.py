"""`slidebeam frame SERIES --frame N --output FILE`: one frame of a level as a DICOM file of its own."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from pipeline.cli.failing import run_guarded
from pipeline.cli.messages import messages_shown
from pipeline.io.storage.address import is_address
from pipeline.model.errors import ConfigError


def main(argv: Sequence[str]) -> int:
    """Write a frame and return the exit code."""
    return run_guarded(lambda: _frame(_arguments(argv)), argv)


def _frame(arguments: argparse.Namespace) -> int:
    from pipeline.io.reader.streaming import open_frames
    from pipeline.io.storage.local_files import make_folder, storage_errors

    level = arguments.level
    with messages_shown(verbose=arguments.verbose):
        try:
            number = int(level) if level.removeprefix("-").isdecimal() else level or None
            with open_frames(arguments.series, number, force_uncompressed=arguments.uncompressed) as reader:
                data = reader.get_dicom_for_frame(arguments.frame)
                count = reader.get_frame_count()
        except IndexError as error:
            raise ConfigError(f"{arguments.series}: {error}") from error
    _check_output(arguments.output, arguments.series)
    final = Path(arguments.output)
    beside = final.with_name(f".{final.name}.part")
    with storage_errors(final):
        make_folder(final.parent)
        beside.write_bytes(data)
        os.replace(beside, final)
    print(f"{final}: frame {arguments.frame} of {count}, {len(data)} bytes")
    return 0


def _check_output(output: str, series: str) -> None:
    """Raise ConfigError where a frame, which is of the level's series, would be a file of it, or take one's place."""
    if is_address(output):
        raise ConfigError(f"--output {output}: frames are written to a disk; give a path")
    if os.path.isdir(output):
        raise ConfigError(f"--output {output} is a folder; name a file")
    source, place = Path(os.path.realpath(series)), Path(os.path.realpath(output))
    folder = source if source.is_dir() else source.parent
    beside = place.parent == folder and source.suffix.lower() != ".dcbs"
    if not is_address(series) and (beside or place == source):
        raise ConfigError(f"--output {output} would lie with the slide's files, and be read as one; name another")


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    from pipeline.options import CommandParser

    parser = CommandParser(
        prog="slidebeam frame",
        description="Write one frame of a DICOM slide as a DICOM file of its own, the frame's bytes unchanged.",
    )
    parser.add_argument(
        "series", metavar="SERIES", help="a DICOM file or the folder of a series (gs:// and s3:// too), or a .dcbs file"
    )
    parser.add_argument("--frame", metavar="N", type=int, required=True, help="number of the frame, from 0")
    parser.add_argument(
        "--output", metavar="FILE", required=True, help="the file to write; one that is there is replaced"
    )
    parser.add_argument(
        "--level",
        metavar="LEVEL",
        default="",
        help="number of the level, from 0, the largest, or label, overview, thumbnail (default: the image that a file "
        "holds, level 0 of a folder)",
    )
    parser.add_argument(
        "--uncompressed", action="store_true", help="decode the frame: RGB in explicit VR little endian"
    )
    parser.add_argument("--verbose", action="store_true", help="show the traceback of an error")
    return parser.parse_args(list(argv))
