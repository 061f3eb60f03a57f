"""`slidebeam inspect SLIDE`: what is in a slide, and what a conversion with the same options would make of it."""

import json
from collections.abc import Sequence

from pipeline.cli.failing import FAILED, run_guarded
from pipeline.cli.messages import show_messages, tell_error


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
    show_messages(verbose=values.get("verbose", False))

    from pipeline.cli.inspection_text import inspection_lines
    from pipeline.inspection import inspect_slide
    from pipeline.model.errors import SlidebeamError

    code = 0
    for slide in slides:
        try:
            inspection = inspect_slide(slide, config)
        except SlidebeamError as error:
            tell_error(f"{slide.slide_id}: {error.message}")
            code = FAILED
            continue
        print(json.dumps(inspection.report()) if values.get("json") else "\n".join(inspection_lines(inspection)))
        if inspection.obstacle:
            tell_error(f"{slide.slide_id} cannot be converted with these options: {inspection.obstacle}")
            code = FAILED
    return code
