"""`slidebeam inspect SLIDE`: what is in a slide, and what a conversion with the same options would make of it."""

import json
from collections.abc import Sequence

from pipeline.cli.failing import FAILED, run_guarded
from pipeline.cli.messages import about, messages_shown, tell_error
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import SlidebeamError
from pipeline.model.keys import SlideInput


def main(argv: Sequence[str]) -> int:
    """Show slides and return the exit code: 0 when all can be read and converted."""
    return run_guarded(lambda: _inspect(argv), argv)


def _inspect(argv: Sequence[str]) -> int:
    from pipeline.inputs import expand_inputs
    from pipeline.options import CommandParser, add_settings, config_of, settings_of

    parser = CommandParser(
        prog="slidebeam inspect",
        description="Show what is in a slide, and what a conversion with these options would make of it.",
    )
    parser.add_argument("slides", metavar="SLIDE", nargs="+", help="a path, a folder of one slide, or a glob")
    add_settings(parser, writes=False)
    arguments = parser.parse_args(list(argv))
    values = settings_of(arguments)
    config = config_of({**values, "output": "."})
    slides = expand_inputs(arguments.slides)
    with messages_shown(verbose=values.get("verbose", False)):
        return _show(slides, config, as_json=values.get("json", False))


def _show(slides: Sequence[SlideInput], config: ConversionConfig, *, as_json: bool) -> int:
    from pipeline.cli.inspection_text import inspection_lines
    from pipeline.inspection import inspect_slide

    code = 0
    for slide in slides:
        try:
            inspection = inspect_slide(slide, config)
        except SlidebeamError as error:
            tell_error(about(slide.slide_id, error.message))
            code = FAILED
            continue
        print(json.dumps(inspection.report()) if as_json else "\n".join(inspection_lines(inspection)))
        if inspection.obstacle:
            tell_error(f"{about(slide.slide_id, inspection.obstacle)}; so it cannot be converted with these options")
            code = FAILED
    return code
