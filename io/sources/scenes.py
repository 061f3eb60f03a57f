"""Scenes of a file: each is a slide of its own, named `path#scene=NUMBER`, from 1."""

import re
from pathlib import Path

from pipeline.model.errors import SourceError

_SCENE = re.compile(r"(.+)#scene=(\d+)")
_SCENE_ID = re.compile(r"(.+)/scene-([1-9][0-9]*)", re.DOTALL)


def scene_uri(uri: str, scene: int) -> str:
    """Return the name of a scene of the file that a URI without a scene names."""
    return f"{uri}#scene={scene}"


def scene_id(slide_id: str, scene: int) -> str:
    """Return the name of a scene's series below that of its file."""
    return f"{slide_id}/scene-{scene}"


def split_scene_id(slide_id: str) -> tuple[str, int | None]:
    """Return the name of the file's slide and the number of the scene, the inverse of `scene_id`; None: of no scene."""
    match = _SCENE_ID.fullmatch(slide_id)
    return (slide_id, None) if match is None else (match[1], int(match[2]))


def split_scene(uri: str) -> tuple[str, int | None]:
    """Return path and number of the scene, None where none is named. A file whose own name ends so is that file."""
    match = _SCENE.fullmatch(uri)
    if match is None or Path(uri).exists():
        return uri, None
    return match[1], int(match[2])


def check_scene(path: str, scene: int, scenes: int = 1) -> None:
    """Raise SourceError unless the number is one of the file's scenes."""
    if not 1 <= scene <= scenes:
        many = f"its scenes are 1 to {scenes}" if scenes > 1 else "it holds one scene"
        raise SourceError(f"{path} has no scene {scene}: {many}", uri=path)
