"""Where the slide of a row is, and what it is called.

What a row names is a path or an address; a path that is not absolute begins at the manifest's folder, be that on a disk
or in a bucket. The name is the path below that folder, so that folders of a cohort are kept; the last component of a
slide that lies elsewhere.
"""

import os
import posixpath
import stat
from pathlib import Path

from pipeline.io.sources.folders import slide_at
from pipeline.io.sources.scenes import scene_id, scene_uri, split_scene
from pipeline.io.storage.address import is_address, split_address
from pipeline.model.folder_names import folder_name_fault


def manifest_folder(uri: str) -> str:
    """Return the folder of a manifest: an absolute path, or an address."""
    if is_address(uri):
        address = split_address(uri)
        return str(address._replace(key=posixpath.dirname(address.key)))
    return os.path.dirname(os.path.abspath(uri))


def slide_uri(written: str, folder: str) -> str:
    """Return the absolute path or the address of what a row names; ValueError where it can be neither."""
    if not written.isprintable():
        raise ValueError(f"{written!r} has characters that are no text")
    if is_address(written):
        address = split_address(written)
        if not address.key:
            raise ValueError(f"{written} is a bucket and no slide")
        if "*" in address.key:
            raise ValueError(f"{written}: a row names one slide, not a glob")
        return str(address)
    if is_address(folder) and not written.startswith("/"):
        base = split_address(folder)
        key = posixpath.normpath(posixpath.join(base.key, written))
        if key == "." or key.startswith(".."):
            raise ValueError(f"{written} leads out of {base.scheme}://{base.bucket}")
        return str(base._replace(key=key))
    return os.path.normpath(os.path.join(folder, written))


def found_slide(uri: str) -> str | None:
    """Return what a slide is opened by: a path as it is, a folder's slide; None where nothing is there.

    An address is not looked at, for it may be one of a hundred thousand. ValueError for a folder that is no slide.
    """
    if is_address(uri):
        return uri
    file, scene = split_scene(uri)
    try:
        mode = os.stat(file).st_mode
    except OSError:
        return None
    if not stat.S_ISDIR(mode):
        return uri
    slide = slide_at(Path(file))
    if slide is None:
        raise ValueError(f"{file} is a folder, and not of one slide")
    return str(slide) if scene is None else scene_uri(str(slide), scene)


def slide_name(uri: str, folder: str) -> str:
    """Return the name of a slide: its path below the folder, or its last component; of a scene, a folder below that."""
    file, scene = split_scene(uri)
    below = file.removeprefix(f"{folder.rstrip('/')}/")
    name = posixpath.basename(file) if below == file else below
    return name if scene is None else scene_id(name, scene)


def check_folder_name(name: str) -> None:
    """Raise ValueError for a name that cannot become a folder of the output."""
    fault = folder_name_fault(name)
    if fault:
        raise ValueError(fault)
