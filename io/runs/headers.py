"""What is read of a slide before its tiles: the scenes it has, and the plan of each.

Whoever opens slides gives the place where they are held open, `opened`: of this process, or of a helper's.
"""

from collections.abc import Iterator

from pipeline.io.isolation.messages import sendable
from pipeline.io.planning.scenes import scenes_of, slides_in
from pipeline.io.runs.opened import OpenedSlides
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import SlidebeamError, StorageError
from pipeline.model.keys import SlideInput
from pipeline.model.plan import SlidePlan

PlannedScene = tuple[SlideInput, SlidePlan | Exception]
"""A slide, or a scene that is one, and its plan, or why there is none."""


def planned_scenes(slide: SlideInput, config: ConversionConfig, opened: OpenedSlides) -> Iterator[PlannedScene]:
    """Yield the slide, or the slides that its scenes are, with their plans; those of scenes fail one by one.

    Raises SourceError when it cannot be opened, and StorageError when it may succeed a little later.
    """
    for scene in _scenes(slide, config, opened):
        try:
            with opened.lease(scene, config) as found:
                plan = found.plan
        except Exception as error:
            if isinstance(error, StorageError) and error.transient:
                raise
            yield scene, error
        else:
            yield scene, plan


def planned_in_helper(slide: SlideInput, config: ConversionConfig) -> Iterator[PlannedScene]:
    """Do `planned_scenes` in a helper process, which keeps nothing open."""
    opened = OpenedSlides(kept=1)
    try:
        for scene, found in planned_scenes(slide, config, opened):
            yield scene, sendable(found) if isinstance(found, Exception) else found
    finally:
        opened.close()


def _scenes(slide: SlideInput, config: ConversionConfig, opened: OpenedSlides) -> list[SlideInput]:
    try:
        with opened.lease(slide, config) as found:
            return slides_in(slide, found.source)
    except SlidebeamError:
        # It may be one scene that cannot be planned; each of them says so itself.
        return scenes_of(slide)
