"""One staged file appears under its name: whole, once, and never over another's."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.io.storage import one_file
from pipeline.io.storage.address import split_address
from pipeline.io.storage.one_file import publish_file, stands
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import OutputExists, StorageError


def staged(folder: Path, data: bytes = b"whole") -> Path:
    """Write a file that is ready."""
    folder.mkdir(exist_ok=True)
    path = folder / "slide.tiff"
    path.write_bytes(data)
    return path


def test_a_file_moves_to_its_place(tmp_path: Path) -> None:
    source, place = staged(tmp_path / "work"), tmp_path / "deep/er/a.tiff"
    assert not stands(str(place))
    publish_file(str(source), str(place), overwrite=False)
    assert stands(str(place))
    assert place.read_bytes() == b"whole"
    assert not source.exists()
    assert os.stat(place).st_nlink == 1


def test_another_file_is_refused_and_replaced_on_demand(tmp_path: Path) -> None:
    place = tmp_path / "a.tiff"
    place.write_bytes(b"other")
    with pytest.raises(OutputExists, match="--overwrite"):
        publish_file(str(staged(tmp_path / "work")), str(place), overwrite=False)
    assert place.read_bytes() == b"other"
    publish_file(str(staged(tmp_path / "work")), str(place), overwrite=True)
    assert place.read_bytes() == b"whole"


def test_the_same_bytes_count_as_done(tmp_path: Path) -> None:
    """A bundle may run twice."""
    place = tmp_path / "a.tiff"
    for _ in range(2):
        publish_file(str(staged(tmp_path / "work")), str(place), overwrite=False)
    assert place.read_bytes() == b"whole"


def test_a_folder_is_never_replaced(tmp_path: Path) -> None:
    place = tmp_path / "a.tiff"
    place.mkdir()
    for overwrite in (False, True):
        with pytest.raises(OutputExists):
            publish_file(str(staged(tmp_path / "work")), str(place), overwrite=overwrite)


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM])
@pytest.mark.parametrize("overwrite", [False, True])
def test_other_file_systems_get_a_copy_that_is_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, overwrite: bool
) -> None:
    """No second file system can be mounted here: the calls answer as if there were one, or one without links."""
    work, place = tmp_path / "work", tmp_path / "a.tiff"

    def of_one_system(real: Callable[..., None]) -> Callable[..., None]:
        def call(source: Path, target: Path) -> None:
            without_links = real is os.link and code == errno.EPERM
            between_systems = Path(source).parent == work and code == errno.EXDEV
            if without_links or between_systems:
                raise OSError(code, os.strerror(code))
            real(source, target)

        return call

    monkeypatch.setattr(one_file.os, "link", of_one_system(os.link))
    monkeypatch.setattr(one_file.os, "replace", of_one_system(os.replace))
    publish_file(str(staged(work)), str(place), overwrite=overwrite)
    assert place.read_bytes() == b"whole"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tiff", "work"]
    if not overwrite:
        with pytest.raises(OutputExists):
            publish_file(str(staged(work, b"third")), str(place), overwrite=False)


def test_an_object_appears_on_condition(object_root: str) -> None:
    bucket, prefix = open_bucket(object_root), split_address(object_root).key
    place, source = f"{object_root}/out/a.tiff", f"{object_root}/work/slide.tiff"
    bucket.write(f"{prefix}/work/slide.tiff", b"whole")
    assert not stands(place)
    publish_file(source, place, overwrite=False)
    assert bucket.load(f"{prefix}/out/a.tiff") == b"whole"
    publish_file(source, place, overwrite=False)
    bucket.write(f"{prefix}/work/slide.tiff", b"other")
    with pytest.raises(OutputExists, match="--overwrite"):
        publish_file(source, place, overwrite=False)
    publish_file(source, place, overwrite=True)
    assert bucket.load(f"{prefix}/out/a.tiff") == b"other"
    with pytest.raises(StorageError, match="is gone"):
        publish_file(f"{object_root}/work/nothing", place, overwrite=True)
