"""Files that appear whole under their names, on one disk or from one to another, and never in place of others.

A copy is made under a hidden name in the folder that it goes to, and gets its name when it is whole. A name is given by
a hard link, which fails where the name is taken; on file systems without links by a look and a rename.
"""

import errno
import filecmp
import os
import shutil
from contextlib import suppress
from pathlib import Path

from pipeline.model.errors import StorageError

_NO_LINKS = (errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK, errno.EINVAL)


def copied(source: Path, part: Path) -> None:
    """Copy a file with its times to a hidden name. Raises OSError, and StorageError where it changes meanwhile."""
    before = source.stat()
    part.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, part)
    after = source.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise StorageError(f"{source} was written to while it was copied; it is looked at again", transient=True)
    if part.stat().st_size != after.st_size:
        raise StorageError(f"{part} has other bytes than {source}: the copy is not whole", transient=True)


def brought(source: Path, part: Path) -> None:
    """Give a file that is ours a hidden name in another folder, by a copy where that is on another disk."""
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.rename(source, part)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copied(source, part)


def give_name(part: Path, target: Path) -> None:
    """Rename a file. Raises FileExistsError where the name is taken."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "a file of this name is there", str(target)) from None
        os.rename(part, target)
    else:
        os.unlink(part)


def move(source: Path, target: Path, part: Path) -> None:
    """Move a file; the source goes last. A file at the target with the same bytes is what an earlier attempt made.

    `part` is a hidden name beside the target, for a copy. Raises FileExistsError where another file is at the target.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(target):
        if not is_same(source, target):
            raise FileExistsError(errno.EEXIST, "another file of this name is there", str(target))
        part.unlink(missing_ok=True)
        source.unlink()
        return
    try:
        give_name(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        try:
            copied(source, part)
            give_name(part, target)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
        source.unlink()


def is_same(one: Path, other: Path) -> bool:
    """Whether two files are one, or have the same bytes."""
    with suppress(OSError):
        return os.path.samefile(one, other) or filecmp.cmp(one, other, shallow=False)
    return False
