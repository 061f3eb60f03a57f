"""What the batch converter was asked for: a flag beats the environment, the environment beats the default.

A wrong value ends the command with exit code 2, wherever it came from; the message names the flag or the variable.
"""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from pipeline.io.storage.address import is_address
from pipeline.model.errors import ConfigError
from pipeline.options import CommandParser, check_beam_knows

_TILE_STEP = 16
"""TIFF 6.0, section 15: edges of tiles are multiples of 16."""
_LARGEST_TILE = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSettings:
    """Folders, and how slides go from one to the other."""

    inbox: Path
    serving: Path
    archive: Path
    quality: int
    """Of JPEG, 1 to 100, where tiles cannot be copied."""
    tile_size: int
    """Pixels."""
    max_concurrent: int
    """Slides that are converted at once, by one execution of the graph."""
    keep_icc: bool = False
    reencode: bool = False
    """Encode even tiles that could be copied, so that the quality is that of all."""
    watch: bool = False
    watch_interval: float
    """Seconds between looks."""
    dry_run: bool = False
    verbose: bool = False
    beam_arguments: tuple[str, ...] = ()


def batch_settings(argv: Sequence[str], environment: Mapping[str, str], prog: str) -> BatchSettings:
    """Return what arguments and environment ask for. Raises SystemExit(2) for what is wrong with them.

    Paths are made absolute, with links followed.
    """
    parser = _parser(prog)
    values, beam_arguments = parser.parse_known_args(list(argv))
    _check_beam_knows(beam_arguments, parser)
    for option in _OPTIONS:
        if getattr(values, option.name) is not None:
            continue
        try:
            setattr(values, option.name, option.parse(environment.get(option.variable, "").strip() or option.default))
        except argparse.ArgumentTypeError as error:
            parser.error(f"{option.variable}: {error}")
    if clash := _clash(values.inbox, values.serving, values.archive):
        parser.error(clash)
    return BatchSettings(**vars(values), beam_arguments=tuple(beam_arguments))


class _Parser(CommandParser):
    """Ends with usage and exit code 2, as the command that this one stands in for does."""

    def error(self, message: str) -> NoReturn:
        """Print usage and message, and raise SystemExit(2)."""
        argparse.ArgumentParser.error(self, message)


class _Option(NamedTuple):
    """One that the environment may give, too."""

    name: str
    letter: str
    variable: str
    default: str
    parse: Callable[[str], Any]
    metavar: str
    help: str


def _parser(prog: str) -> _Parser:
    parser = _Parser(
        prog=prog,
        description="Convert the DICOM slides of an inbox to pyramidal TIFF in a serving folder, pass slides of other "
        "formats on as they are, and keep the originals in an archive.",
        epilog="Beam's own options (--runner, --direct_num_workers, ...) are passed on. Exit code: 0 all done, or "
        "stopped while watching; 1 something failed; 2 an option is wrong; 130 stopped.",
    )
    for option in _OPTIONS:
        flags = [f"--{option.name.replace('_', '-')}", *([option.letter] if option.letter else [])]
        told = f"{option.help} (default: {option.variable}, else {option.default})"
        parser.add_argument(*flags, dest=option.name, type=option.parse, metavar=option.metavar, help=told)
    switches: tuple[tuple[tuple[str, ...], str], ...] = (
        (("--watch", "-w"), "go on looking for new slides, until asked to stop"),
        (("--dry-run", "-n"), "list what would be done; create, convert and move nothing"),
        (("--keep-icc",), "embed the ICC profile of the DICOM files; it is left out otherwise"),
        (("--reencode",), "encode all tiles anew; JPEG tiles of the asked size are copied otherwise"),
        (("--verbose", "-v"), "say more, and show the traceback of an error"),
    )
    for names, told in switches:
        parser.add_argument(*names, action="store_true", help=told)
    return parser


def _check_beam_knows(arguments: Sequence[str], parser: _Parser) -> None:
    stray = next((argument for argument in arguments[:1] if not argument.startswith("-")), None)
    if stray is not None:
        parser.error(f"{stray!r} belongs to no option: folders are given with --inbox, --serving and --archive")
    try:
        check_beam_knows(arguments, parser)
    except ConfigError as error:
        parser.error(error.message)


def _clash(inbox: Path, serving: Path, archive: Path) -> str:
    """Return why three folders cannot be used together; empty: they can.

    What lies in the inbox is taken for new, and what lies in the serving folder is seen by everybody.
    """
    folders = {"inbox": inbox, "serving": serving, "archive": archive}
    for (name, folder), (other, around) in permutations(folders.items(), 2):
        if folder == around:
            return f"--{name} and --{other} are one folder, {folder}; give each its own"
        if folder.is_relative_to(around):
            return f"--{name} {folder} lies inside --{other} {around}; put the folders side by side"
    return ""


def _folder(text: str) -> Path:
    if is_address(text):
        raise argparse.ArgumentTypeError(f"{text} is no folder of a disk; slidebeam export reads and writes buckets")
    path = Path(os.path.realpath(os.path.expanduser(text)))
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a file; name a folder")
    return path


def _quality(text: str) -> int:
    if not 1 <= (value := _whole(text)) <= 100:
        raise argparse.ArgumentTypeError(f"Quality must be between 1 and 100, not {value}")
    return value


def _tile_size(text: str) -> int:
    value = _whole(text)
    if not 0 < value <= _LARGEST_TILE or value % _TILE_STEP:
        raise argparse.ArgumentTypeError(
            f"Tile size must be a multiple of {_TILE_STEP}, at most {_LARGEST_TILE}, not {value}"
        )
    return value


def _count(text: str) -> int:
    if (value := _whole(text)) < 1:
        raise argparse.ArgumentTypeError(f"Parallel conversions must be at least 1, not {value}")
    return value


def _interval(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86400:
        raise argparse.ArgumentTypeError(f"Watch interval must be seconds above 0, at most a day, not {text!r}")
    return value


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None


_OPTIONS = (
    _Option("inbox", "-i", "CONVERTER_INBOX", "./inbox", _folder, "DIR", "where slides come in"),
    _Option("serving", "-s", "CONVERTER_SERVING", "./serving", _folder, "DIR", "where slides are served from"),
    _Option("archive", "-a", "CONVERTER_ARCHIVE", "./archive", _folder, "DIR", "where the originals are kept"),
    _Option("quality", "-q", "CONVERTER_QUALITY", "85", _quality, "Q", "JPEG quality of tiles that are encoded, 1-100"),
    _Option("tile_size", "-t", "CONVERTER_TILE_SIZE", "256", _tile_size, "PIXELS", "edge of tiles, a multiple of 16"),
    _Option("max_concurrent", "-c", "CONVERTER_MAX_CONCURRENT", "2", _count, "N", "slides that are converted at once"),
    _Option("watch_interval", "", "CONVERTER_WATCH_INTERVAL", "10", _interval, "SECONDS", "time between two looks"),
)
