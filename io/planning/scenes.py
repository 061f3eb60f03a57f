"""A file of several scenes is several slides: series of one study in sub-folders."""

from dataclasses import replace
from pathlib import Path

from pipeline.io.sources import SlideSource, open_source
from pipeline.io.sources.scenes import scene_id, scene_uri, split_scene
from pipeline.model.errors import SourceError
from pipeline.model.keys import SlideInput


def slides_in(slide: SlideInput, source: SlideSource) -> list[SlideInput]:
    """Return the slide itself, or one for each scene where its file has several and its URI names none.

    Raises SourceError where the name of a scene is another file's.
    """
    scenes = range(1, len(source.describe().scenes) + 1)
    if len(scenes) < 2 or split_scene(slide.uri)[1] is not None:
        return [slide]
    found = [
        replace(slide, uri=scene_uri(slide.uri, scene), slide_id=scene_id(slide.slide_id, scene)) for scene in scenes
    ]
    for scene in found:
        if Path(scene.uri).exists():
            raise SourceError(f"{scene.uri} is a scene of {slide.uri}, and another file; rename it", uri=slide.uri)
    return found


def scenes_of(slide: SlideInput) -> list[SlideInput]:
    """Open a slide and return it, or one for each of its scenes. Raises SourceError."""
    if split_scene(slide.uri)[1] is not None:
        return [slide]
    with open_source(slide.uri) as source:
        return slides_in(slide, source)
