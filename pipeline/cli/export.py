"""`slidebeam export`: DICOM slides, and any others that can be opened, to pyramidal TIFF."""

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.cli.failing import FAILED, run_guarded
from pipeline.cli.messages import about, messages_shown, tell, tell_error
from pipeline.cli.server_options import add_server_options, server_options
from pipeline.model.errors import ConfigError
from pipeline.model.figures import bytes_text, count_text, duration_text
from pipeline.model.reasons import Route
from pipeline.model.tiff_export import BigTiff, ExportedTiff, TiffExportConfig
from pipeline.model.tiff_target import TiffFormat

if TYPE_CHECKING:
    from pipeline.model.tiff_export import ExportReport
    from pipeline.options import CommandParser

_SWITCHES = ("--reencode", "--keep-icc", "--overwrite", "--big-tiff", "--verbose", "--quiet", "--json")
"""On when they are named; `--reencode=0` and `--reencode 0` are off, as OrthancWSIDicomToTiff has it."""
_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def main(argv: Sequence[str]) -> int:
    """Export slides and return the exit code: 0 all done, 1 something failed, 130 stopped."""
    return run_guarded(lambda: _run(*_arguments(argv)), argv)


def _run(arguments: argparse.Namespace, beam_arguments: tuple[str, ...]) -> int:
    from pipeline.remote_inputs import fetched_inputs

    *inputs, output = arguments.paths
    if not inputs:
        raise ConfigError(f"only {output} is named: slidebeam export INPUT [INPUT ...] OUTPUT takes what and where")
    teller = None if arguments.quiet or arguments.json else tell
    with fetched_inputs(inputs, server_options(arguments), orthanc=arguments.orthanc, tell=teller) as slides:
        return _export(slides, output, arguments, beam_arguments)


def _export(inputs: Sequence[str], output: str, arguments: argparse.Namespace, beam_arguments: tuple[str, ...]) -> int:
    from pipeline.cli.progress_view import progress_view
    from pipeline.export_inputs import requested_export
    from pipeline.io.reports.progress import BOARD
    from pipeline.tiff_export import export_slides

    format = TiffFormat(arguments.format) if arguments.format else None
    request = requested_export(inputs, output, format)
    config = TiffExportConfig(
        output=request.output,
        format=request.format,
        quality=arguments.quality,
        reencode=arguments.reencode,
        tile_size=arguments.tile_size,
        keep_icc=arguments.keep_icc,
        colour=arguments.color,
        label=not arguments.no_label,
        overview=not arguments.no_overview,
        optical_path=arguments.optical_path,
        focal_plane=arguments.focal_plane,
        big_tiff=BigTiff.ALWAYS if arguments.big_tiff else BigTiff.AUTO,
        overwrite=arguments.overwrite,
        staging=arguments.staging,
        threads=arguments.threads,
        source_pixel_spacing_mm=arguments.source_pixel_spacing_mm,
    )
    silent = arguments.quiet or arguments.json
    with (
        messages_shown(verbose=arguments.verbose),
        progress_view(BOARD, len(request.slides), shown=not silent),
    ):
        report = export_slides(
            request.slides,
            config,
            beam_arguments,
            own_process=True,
            on_tiff=lambda tiff: _tell(tiff, silent=silent),
        )
    if arguments.json:
        print(json.dumps(report.to_json(), indent=1))
    elif not arguments.quiet:
        print(_total(report))
    return FAILED if report.failed else 0


def _tell(tiff: ExportedTiff, *, silent: bool) -> None:
    if tiff.failure is not None:
        tell_error(about(tiff.uri, tiff.failure.message))
        return
    if silent:
        return
    kept = sum(count for route, count in tiff.frames.items() if route.keeps_tiles)
    filled = tiff.frames.get(Route.BACKGROUND, 0)
    tiles = [f"{count_text(kept, 'tile')} copied"] if kept else []
    encoded = sum(tiff.frames.values()) - kept - filled
    tiles += [f"{encoded:,} encoded"] if encoded else []
    tiles += [f"{filled:,} missing, filled"] if filled else []
    size = f"{bytes_text(tiff.bytes)}, {count_text(tiff.levels, 'level')}"
    print(f"{tiff.tiff}: {size}, {', '.join(tiles)}, {duration_text(tiff.seconds)}", flush=True)
    for warning in tiff.warnings:
        print(f"  note: {warning}", flush=True)


def _total(report: "ExportReport") -> str:
    written = report.written
    said = f"{count_text(len(written), 'TIFF')} written"
    if report.failed:
        said += f", {len(report.failed):,} failed"
    return f"{said}: {bytes_text(sum(tiff.bytes for tiff in written))} in {duration_text(report.seconds)}"


def _arguments(argv: Sequence[str]) -> tuple[argparse.Namespace, tuple[str, ...]]:
    parser = export_parser()
    for word in argv:
        if word.partition("=")[0] in ("--input", "--output"):
            raise ConfigError(f"{word}: paths are typed without it, slidebeam export INPUT [INPUT ...] OUTPUT")
    ours, beams = _told_apart(list(_with_values(argv)), parser)
    return parser.parse_intermixed_args(ours), beams


def _with_values(argv: Sequence[str]) -> Iterator[str]:
    """Yield the words, each switch joined with its value: it would take a path behind it for one."""
    rest = list(reversed(argv))
    while rest:
        word = rest.pop()
        if word not in _SWITCHES:
            yield word
        else:
            yield f"{word}={rest.pop() if rest and rest[-1].lower() in _BOOLEANS else 1}"


def _told_apart(words: Sequence[str], parser: "CommandParser") -> tuple[list[str], tuple[str, ...]]:
    """Part our words from Beam's options and their values. Raises ConfigError for an option that nobody knows."""
    from pipeline.options import beam_parser, check_beam_knows

    known = set(parser.option_strings())
    if all(not word.startswith("--") or word.partition("=")[0] in known for word in words):
        return list(words), ()
    options = beam_parser().option_actions()
    ours, beams = list[str](), list[str]()
    rest = iter(words)
    for word in rest:
        if not word.startswith("--") or word.partition("=")[0] in known:
            ours.append(word)
            continue
        beams.append(word)
        if "=" not in word and word in options and options[word].nargs != 0:
            beams += [value for value in [next(rest, None)] if value is not None]
    check_beam_knows(beams, parser)
    return ours, tuple(beams)


def export_parser() -> "CommandParser":
    """Return the parser of `slidebeam export`."""
    from pipeline.options import CommandParser

    parser = CommandParser(
        prog="slidebeam export",
        usage="slidebeam export INPUT [INPUT ...] OUTPUT [options] [Beam options]",
        description="Turn DICOM slides, and any others that can be opened, into pyramidal TIFF. JPEG tiles are copied.",
        epilog="Beam's own options (--runner, --direct_num_workers, ...) are passed on. Exit code: 0 all done, "
        "1 something failed, 130 stopped with Ctrl-C.",
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="INPUT ... OUTPUT",
        help="slides: files, folders of one slide, globs, gs:// and s3://, URLs of DICOMweb series, ids of Orthanc's; "
        "then a folder, or for one slide a file: .tiff, .svs or .ome.tiff",
    )
    add = parser.add_argument
    add("--format", choices=[one.value for one in TiffFormat], help="default: what OUTPUT's suffix says, else tiff")
    add("--quality", "--jpeg-quality", type=int, default=85, metavar="1..100", help="of tiles that are encoded; 85")
    _switch(parser, "--reencode", "decode and encode all tiles, those that could be copied too")
    add("--tile-size", type=int, metavar="PIXELS", help="cut square tiles of this edge, a multiple of 16")
    add("--color", type=_colour, metavar="R,G,B", help="of tiles that the slide does not hold; default: white")
    _switch(parser, "--keep-icc", "embed the ICC profile")
    add("--no-label", action="store_true", help="leave the label out")
    add("--no-overview", action="store_true", help="leave the overview out")
    add("--optical-path", type=int, metavar="N", help="export this one of several, counted from 0")
    add("--focal-plane", type=int, metavar="N", help="export this one of several, counted from 0 at the glass")
    add("--source-pixel-spacing-mm", type=_spacing, metavar="ROW,COL", help="size of the pixels of the base level")
    _switch(parser, "--big-tiff", "write BigTIFF whatever the size is; default: above 4 GB")
    _switch(parser, "--overwrite", "replace a file that stands where a TIFF goes")
    add("--staging", default="", metavar="DIR", help="folder for what is not finished; default: a hidden one in OUTPUT")
    add("--threads", type=int, default=0, metavar="N", help="codec threads of a process; default: one a core")
    add_server_options(parser)
    _switch(parser, "--json", "print a report in JSON")
    _switch(parser, "--verbose", "say more, and show the traceback of an error")
    _switch(parser, "--quiet", "say nothing but errors")
    return parser


def _switch(parser: argparse.ArgumentParser, name: str, help: str) -> None:
    parser.add_argument(name, type=_boolean, default=False, metavar="0|1", help=help)


def _boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise argparse.ArgumentTypeError(f"takes 0 or 1, not {text}") from None


def _colour(text: str) -> tuple[int, int, int]:
    try:
        red, green, blue = (int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"takes R,G,B, each from 0 to 255, not {text}") from None
    return red, green, blue


def _spacing(text: str) -> tuple[float, float]:
    try:
        between_rows, between_columns = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"takes ROW,COL in mm, not {text}") from None
    return between_rows, between_columns
