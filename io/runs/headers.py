"""What is read of a slide before its tiles: the scenes it has, and the plan of each.

Whoever opens slides gives the place where they are held open, `opened`: of this process, or of a helper's.
"""

from collections.abc import Iterator

from pipeline.io.planning.scenes import scenes_of, slides_in
from pipeline.io.runs.opened import OpenedSlides
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import SlidebeamError
from pipeline.model.keys import SlideInput
from pipeline.model.plan import SlidePlan

_HELD = OpenedSlides(kept=1)
"""Of a helper process: the slide that it was asked about last, until it is planned."""


def find_scenes(slide: SlideInput, config: ConversionConfig, opened: OpenedSlides) -> list[SlideInput]:
    """Return the slide, or the slides that its scenes are. Raises SourceError when it cannot be opened."""
    try:
        with opened.lease(slide, config) as found:
            return slides_in(slide, found.source)
    except SlidebeamError:
        # It may be one scene that cannot be planned; each of them says so itself.
        return scenes_of(slide)


def plan_scene(slide: SlideInput, config: ConversionConfig, opened: OpenedSlides) -> SlidePlan:
    """Open a slide and plan it. Raises SourceError and MetadataMissing."""
    with opened.lease(slide, config) as found:
        return found.plan


def scenes_in_helper(slide: SlideInput, config: ConversionConfig) -> Iterator[list[SlideInput]]:
    """Do `find_scenes` in a helper process; the slide stays open, because it is planned next."""
    try:
        yield find_scenes(slide, config, _HELD)
    except BaseException:
        _HELD.close()
        raise


def plan_in_helper(slide: SlideInput, config: ConversionConfig) -> Iterator[SlidePlan]:
    """Do `plan_scene` in a helper process, and close the slide."""
    try:
        yield plan_scene(slide, config, _HELD)
    finally:
        _HELD.close()
