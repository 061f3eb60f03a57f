"""The check that readers make of the scene that they are asked for."""

from pipeline.model.errors import SourceError


def check_scene(path: str, scene: int, scenes: int = 1) -> None:
    """Raise SourceError unless the number is one of the file's scenes, from 1."""
    if not 1 <= scene <= scenes:
        many = f"its scenes are 1 to {scenes}" if scenes > 1 else "it holds one scene"
        raise SourceError(f"{path} has no scene {scene}: {many}", uri=path)
