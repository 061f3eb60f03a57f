"""A folder of DICOM is one slide, and says so when it is not."""

import shutil
from pathlib import Path

import pytest

from pipeline.inputs import expand_inputs
from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError


def test_a_folder_with_two_series_is_refused_by_name(shared_slides: Path, tmp_path: Path) -> None:
    """One of them would be left out in silence."""
    shutil.copy(shared_slides / "dicom/jcupitt-cmu1-small-region/level-0.dcm", tmp_path)
    shutil.copy(shared_slides / "dicom/google-wsi2dcm-jpeg.dcm", tmp_path)
    with pytest.raises(SourceError, match="holds several DICOM series"):
        open_source(str(tmp_path))


def test_notes_beside_the_files_do_not_matter(shared_slides: Path, tmp_path: Path) -> None:
    """A text is no slide; a folder in it, or a slide of another format, makes it a folder of slides."""
    shutil.copy(shared_slides / "dicom/jcupitt-cmu1-small-region/level-11.dcm", tmp_path)
    (tmp_path / "README.txt").write_text("who scanned this")
    (tmp_path / ".DS_Store").write_bytes(b"\0")
    assert [slide.uri for slide in expand_inputs([str(tmp_path)])] == [str(tmp_path)]
    assert [slide.uri for slide in expand_inputs([f"{tmp_path}/*"])] == [str(tmp_path)]
    with open_source(str(tmp_path)) as source:
        assert len(source.describe().levels) == 1
    (tmp_path / "other.svs").write_bytes(b"\0")
    with pytest.raises(SourceError, match="not of one slide"):
        open_source(str(tmp_path))


def test_files_of_one_series_among_other_slides_are_one_slide(shared_slides: Path, tmp_path: Path) -> None:
    """Named by its largest file; a file of another series is a slide of its own."""
    for level in (9, 10, 11):
        shutil.copy(shared_slides / "dicom/jcupitt-cmu1-small-region" / f"level-{level}.dcm", tmp_path)
    shutil.copy(shared_slides / "dicom/google-wsi2dcm-jpeg.dcm", tmp_path)
    (tmp_path / "other.svs").write_bytes(b"\0")
    found = [slide.slide_id for slide in expand_inputs([f"{tmp_path}/*"])]
    assert sorted(found) == ["google-wsi2dcm-jpeg.dcm", "level-9.dcm", "other.svs"]
    with open_source(str(tmp_path / "level-9.dcm")) as source:
        assert len(source.describe().levels) == 3


@pytest.mark.parametrize("length", [144, 352, 600])
def test_a_level_that_was_cut_is_not_left_out(shared_slides: Path, tmp_path: Path, length: int) -> None:
    """Before it says which series it is of: it could be of this one."""
    for level in (9, 10, 11):
        shutil.copy(shared_slides / "dicom/jcupitt-cmu1-small-region" / f"level-{level}.dcm", tmp_path)
    cut = tmp_path / "level-10.dcm"
    cut.write_bytes(cut.read_bytes()[:length])
    for path in (tmp_path, tmp_path / "level-9.dcm"):
        with pytest.raises(SourceError, match=r"level-10\.dcm lies beside .* it is truncated or damaged"):
            open_source(str(path))
