"""The console script `slidebeam`: a table of subcommands."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple, NoReturn

import pipeline
from pipeline.cli.failing import leave
from pipeline.cli.messages import tell_error


class Command(NamedTuple):
    """One subcommand: `main(argv) -> int` of a module."""

    module: str
    help: str


COMMANDS = {
    "convert": Command("pipeline.cli.convert", "convert slides to DICOM"),
    "inspect": Command("pipeline.cli.inspect", "show what is in a slide, and what would become of it"),
    "verify": Command("pipeline.cli.verify", "check a converted slide against its source, from the files alone"),
    "validate": Command("pipeline.cli.validate", "check whole-slide DICOM files of any writer against the standard"),
    "export": Command("pipeline.cli.export", "turn DICOM slides into pyramidal TIFF"),
    "batch": Command("pipeline.cli.batch", "keep a serving folder of TIFF filled from an inbox"),
    "routes": Command("pipeline.cli.routes", "show which tiles of a converted slide passed and which were encoded"),
    "frame": Command("pipeline.cli.frame", "take one frame out of a slide, as DICOM that stands alone"),
    "clean": Command("pipeline.cli.clean", "remove what killed jobs left in the staging area of an output"),
    "metadata-sample": Command("pipeline.cli.metadata_sample", "print a filled metadata file to start from"),
}

_EXAMPLES = """\
A first try:
  slidebeam inspect slide.svs
  slidebeam convert --input slide.svs --output out --research-placeholder
  slidebeam verify out slide.svs
  slidebeam export out/slide.svs slide.tiff

`slidebeam COMMAND --help` lists what a command takes."""


def main(argv: Sequence[str]) -> int:
    """Run a subcommand and return the exit code."""
    name, *rest = argv or ["--help"]
    if name in ("-h", "--help", "help"):
        print(_help())
        return 0
    if name == "--version":
        print(f"slidebeam {pipeline.__version__}")
        return 0
    if name not in COMMANDS:
        tell_error(f"{_what_is_wrong(name)}; the commands are {', '.join(COMMANDS)}")
        return 1
    code: int = import_module(COMMANDS[name].module).main(rest)
    return code


def entry_point() -> NoReturn:
    """Run what was typed and end the process with its exit code."""
    leave(main(sys.argv[1:]))


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {command.help}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "usage: slidebeam COMMAND ...",
            "",
            "Whole-slide images to DICOM VL Whole Slide Microscopy, as an Apache Beam pipeline.",
            "",
            *lines,
            "",
            _EXAMPLES,
        ]
    )


def _what_is_wrong(name: str) -> str:
    if name.startswith("-"):
        return f"{name} needs a command before it, as in `slidebeam convert {name} ...`"
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1)
    return f"there is no command {name!r}" + (f", did you mean {near[0]}?" if near else "")
