"""`slidebeam verify DIR SLIDE`: a converted slide against its source, from the files alone."""

import argparse
import dataclasses
import glob
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from pipeline.cli.failing import FAILED, run_guarded
from pipeline.cli.messages import messages_shown, tell_error
from pipeline.io.storage.address import is_address
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput


def main(argv: Sequence[str]) -> int:
    """Verify a series and return the exit code: 0 when every frame is as it should be."""
    return run_guarded(lambda: _verify(_arguments(argv)), argv)


def find_series(folder: Path, slide_id: str) -> Path:
    """Return the folder of a slide's series: the given one if DICOM files are in it, else the one of its name below it.

    The name of a scene is `SLIDE/scene-2`, of which the given folder may be the first half. Raises ConfigError when
    there is none, or more than one.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder; give the output of a conversion, or a slide's folder in it")
    if _holds_dicom(folder):
        return folder
    own, _, scene = slide_id.rpartition("/")
    named = [*folder.rglob(glob.escape(slide_id)), *([folder / scene] if own and folder.absolute().name == own else [])]
    found = sorted(path for path in named if path.is_dir() and _holds_dicom(path))
    if not found:
        raise ConfigError(f"{folder} holds no DICOM files of {slide_id}; give the slide's own folder")
    if len(found) > 1:
        raise ConfigError(f"{folder} holds several slides called {slide_id}; give one of {', '.join(map(str, found))}")
    return found[0]


def _holds_dicom(folder: Path) -> bool:
    """Whether there are DICOM files in it; a folder may be called so too, after the slide that it was made from."""
    return any(path.is_file() for path in folder.glob("*.dcm"))


def _verify(arguments: argparse.Namespace) -> int:
    from pipeline.inputs import expand_inputs

    slides = expand_inputs([arguments.slide])
    if len(slides) != 1:
        raise ConfigError(f"{arguments.slide} names {len(slides)} slides; verify takes one at a time")
    from pipeline.io.planning.scenes import scenes_of

    folder = Path(arguments.folder)
    with messages_shown(verbose=arguments.verbose):
        scenes = scenes_of(slides[0])
        if len(scenes) > 1 and _holds_dicom(folder):
            raise ConfigError(
                f"{folder} holds one series and {slides[0].uri} {len(scenes)} scenes; give one, as {scenes[-1].uri}, "
                "or the folder of all"
            )
        places = [_series_of(arguments.folder, scene.slide_id) for scene in scenes]
        whole = []
        for place, scene in zip(places, scenes, strict=True):
            with place as series:
                whole.append(_verify_scene(series, scene, arguments))
    return 0 if all(whole) else FAILED


def _series_of(folder: str, slide_id: str) -> AbstractContextManager[Path]:
    """Return the folder of a slide's series, fetched when it is entered if it is in an object store."""
    if is_address(folder):
        from pipeline.fetched_series import fetched_series

        return fetched_series(folder, slide_id)
    return nullcontext(find_series(Path(folder), slide_id))


def _verify_scene(series: Path, slide: SlideInput, arguments: argparse.Namespace) -> bool:
    """Verify one series, say what is wrong with it, and return whether nothing is."""
    from pipeline.cli.verification_text import problem_lines, verification_lines
    from pipeline.io.verification import verify_slide

    report = verify_slide(series, slide.uri, threads=arguments.threads)
    if is_address(arguments.folder):
        report = dataclasses.replace(report, series=f"{slide.slide_id} in {arguments.folder}")
    if arguments.json:
        print(json.dumps({**dataclasses.asdict(report), "ok": report.ok}))
    else:
        print("\n".join(verification_lines(report)))
    for problem in problem_lines(report):
        tell_error(problem)
    return report.ok


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    from pipeline.options import CommandParser

    parser = CommandParser(
        prog="slidebeam verify",
        description="Compare every frame of a converted slide with the slide: the same bytes, or the same pixels.",
    )
    parser.add_argument("folder", metavar="DIR", help="output of a conversion, or the slide's folder in it")
    parser.add_argument("slide", metavar="SLIDE", help="the slide that it was made from, or PATH#scene=2")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="threads (default: 0, one a core)")
    parser.add_argument("--json", action="store_true", help="print the findings as one line of JSON on stdout")
    parser.add_argument("--verbose", action="store_true", help="say more, and show the traceback of an error")
    return parser.parse_args(list(argv))
