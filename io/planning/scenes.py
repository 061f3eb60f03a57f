"""A file of several scenes is several slides: series of one study in sub-folders."""

from pipeline.io.sources import SlideSource
from pipeline.io.sources.scenes import scene_id, scene_uri, split_scene
from pipeline.model.keys import SlideInput


def slides_in(slide: SlideInput, source: SlideSource) -> list[SlideInput]:
    """Return the slide itself, or one for each scene where its file has several and its URI names none."""
    scenes = range(1, len(source.describe().scenes) + 1)
    if len(scenes) < 2 or split_scene(slide.uri)[1] is not None:
        return [slide]
    return [SlideInput(uri=scene_uri(slide.uri, scene), slide_id=scene_id(slide.slide_id, scene)) for scene in scenes]
