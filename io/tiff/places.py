"""Where TIFFs go: names of files below the output, and the area for what is not finished."""

import os

from pipeline.io.sources.scenes import split_scene_id
from pipeline.io.storage.address import is_address
from pipeline.model.tiff_export import TiffExportConfig

STAGING_FOLDER = ".slidebeam"
"""Hidden folder, or prefix, of the output in which TIFFs are made."""
_SUFFIXES = (".ome.tiff", ".ome.tif")
"""Those of two parts."""


def tiff_name(slide_id: str) -> str:
    """Return the relative name of a slide's TIFF: its id, and of a scene the number before the suffix."""
    name, scene = split_scene_id(slide_id)
    if scene is None:
        return name
    stem, suffix = split_suffix(name)
    return f"{stem}-scene-{scene}{suffix}"


def split_suffix(name: str) -> tuple[str, str]:
    """Cut a name before its suffix, of which `.ome.tiff` is one."""
    double = next((suffix for suffix in _SUFFIXES if name.lower().endswith(suffix)), "")
    if double:
        return name[: -len(double)], name[-len(double) :]
    return os.path.splitext(name)


def tiff_uri(config: TiffExportConfig, slide_id: str) -> str:
    """Return path or URI of a slide's TIFF."""
    name = tiff_name(slide_id)
    return f"{config.output.rstrip('/')}/{name}" if is_address(config.output) else os.path.join(config.output, name)


def staging_root(config: TiffExportConfig) -> str:
    """Return the folder or prefix whose `_staging` holds what is not finished."""
    if config.staging and not is_address(config.output):
        return config.staging
    return f"{config.output.rstrip('/')}/{STAGING_FOLDER}"
