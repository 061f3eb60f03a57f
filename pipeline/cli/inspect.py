"""`slidebeam inspect SLIDE`: what is in a slide, and what a conversion with the same options would make of it."""

import json
from collections.abc import Sequence

from pipeline.cli.failing import FAILED, run_guarded
from pipeline.cli.messages import about, messages_shown, tell_error
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import SlidebeamError
from pipeline.model.keys import SlideInput


def main(argv: Sequence[str]) -> int:
    """Show slides and all of their scenes; return the exit code: 0 when all can be read and converted."""
    return run_guarded(lambda: _inspect(argv), argv)


def _inspect(argv: Sequence[str]) -> int:
    from pipeline.inputs import expand_inputs
    from pipeline.options import CommandParser, add_settings, config_of, settings_of

    parser = CommandParser(
        prog="slidebeam inspect",
        description="Show what is in a slide, and what a conversion with these options would make of it.",
    )
    kinds = "a path, PATH#scene=2, a folder of one slide, or a glob"
    parser.add_argument("slides", metavar="SLIDE", nargs="+", help=kinds)
    add_settings(parser, writes=False)
    arguments = parser.parse_args(list(argv))
    values = settings_of(arguments)
    config = config_of({**values, "output": "."})
    slides = expand_inputs(arguments.slides)
    with messages_shown(verbose=values.get("verbose", False)):
        return _show(slides, config, as_json=values.get("json", False))


def _show(slides: Sequence[SlideInput], config: ConversionConfig, *, as_json: bool) -> int:
    from pipeline.io.planning.scenes import scenes_of

    code = 0
    for slide in slides:
        try:
            scenes = scenes_of(slide)
        except SlidebeamError as error:
            tell_error(about(slide.slide_id, error.message))
            code = FAILED
            continue
        for scene in scenes:
            if not _show_scene(scene, config, as_json=as_json):
                code = FAILED
    return code


def _show_scene(slide: SlideInput, config: ConversionConfig, *, as_json: bool) -> bool:
    """Show one slide and return whether it can be read and converted."""
    from pipeline.cli.inspection_text import inspection_lines
    from pipeline.inspection import inspect_slide

    try:
        inspection = inspect_slide(slide, config)
    except SlidebeamError as error:
        tell_error(about(slide.slide_id, error.message))
        return False
    print(json.dumps(inspection.report()) if as_json else "\n".join(inspection_lines(inspection)))
    if inspection.obstacle:
        tell_error(f"{about(slide.slide_id, inspection.obstacle)}; so it cannot be converted with these options")
    return not inspection.obstacle
