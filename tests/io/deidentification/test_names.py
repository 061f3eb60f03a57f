"""Names that tell nothing: by content and key, one for the scenes of a file, and none of the source in outcomes."""

import dataclasses
from pathlib import Path

import pytest

from pipeline.io.deidentification.names import renamed, without_sources
from pipeline.model.config import ConversionConfig
from pipeline.model.deidentification import Deidentify
from pipeline.model.errors import SourceError
from pipeline.model.keys import SlideInput
from pipeline.model.records import Failure, SlideOutcome, Status
from pipeline.transforms.failures import dead_letter

KEYED = Deidentify(key=b"0123456789abcdef")


def config(choice: Deidentify | None) -> ConversionConfig:
    """Return a configuration with this choice."""
    return ConversionConfig(output="out", deidentify=choice)


def names(choice: Deidentify | None, *uris: Path | str) -> list[str]:
    """Return the new names of slides."""
    slides = [SlideInput(uri=str(uri), slide_id=Path(str(uri)).name) for uri in uris]
    return [slide.slide_id for slide in renamed(slides, config(choice))]


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    """Return a file that a patient gave its name."""
    path = tmp_path / "SMITH.svs"
    path.write_bytes(b"content")
    return path


def test_a_name_follows_from_content_and_key(slide: Path, tmp_path: Path) -> None:
    assert names(None, slide) == ["SMITH.svs"]
    (name,) = names(Deidentify(), slide)
    assert name.startswith("slide-")
    assert names(KEYED, slide) == names(KEYED, slide.rename(tmp_path / "other.svs"))
    assert names(KEYED, tmp_path / "other.svs") != [name]


def test_scenes_of_a_file_share_its_name_and_copies_do_not(slide: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.svs"
    copy.write_bytes(slide.read_bytes())
    one, two, other = names(KEYED, f"{slide}#scene=1", f"{slide}#scene=2", copy)
    assert (one.partition("/")[2], two.partition("/")[2]) == ("scene-1", "scene-2")
    assert one.partition("/")[0] == two.partition("/")[0]
    assert other == f"{one.partition('/')[0]}-2"


def test_a_folder_is_named_by_what_is_in_it(tmp_path: Path) -> None:
    for folder, content in (("a", b"1"), ("b", b"2"), ("c", b"1")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "level-0.dcm").write_bytes(content)
    one, two, copy = names(KEYED, tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert one != two
    assert copy == f"{one}-2"


@pytest.mark.parametrize(("suffix", "folder"), [(".mrxs", "{}"), (".vsi", "_{}_")])
def test_the_data_beside_a_slide_have_their_say_in_its_name(tmp_path: Path, suffix: str, folder: str) -> None:
    for name, content in (("a", b"1"), ("b", b"2"), ("c", b"1")):
        (tmp_path / f"{name}{suffix}").write_bytes(b"index")
        (tmp_path / folder.format(name)).mkdir()
        (tmp_path / folder.format(name) / "data").write_bytes(content)
    one, two, copy = names(KEYED, *(tmp_path / f"{name}{suffix}" for name in "abc"))
    assert two != f"{one}-2"
    assert copy == f"{one}-2"


def test_files_that_cannot_be_read_are_told_apart_by_number(tmp_path: Path) -> None:
    one, two = names(KEYED, tmp_path / "SMITH.svs", tmp_path / "JONES.svs")
    assert (one, two) == ("slide-unreadable", "slide-unreadable-2")


def test_outcomes_name_no_source(slide: Path) -> None:
    failure = Failure(
        uri=str(slide),
        slide_id="slide-1",
        stage="OpenSlides",
        level=None,
        frame=None,
        error_class="SourceError",
        message=f"{slide} is damaged; SMITH.svs was not read, nor SMITH's label",
        reproduce=f"python -m pipeline.run --input {slide}",
    )
    outcome = SlideOutcome(uri=str(slide), slide_id="slide-1", status=Status.FAILED, failures=(failure,))
    (hidden,) = without_sources([outcome], config(KEYED))
    assert "SMITH" not in str(hidden)
    assert hidden.failures[0].message.startswith("slide-1 is damaged")
    assert without_sources([outcome], config(None)) == [outcome]
    assert dataclasses.replace(hidden, uri=outcome.uri, failures=outcome.failures) == outcome


def test_outcomes_name_no_file_beside_the_source_and_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "DOE JANE"
    folder.mkdir()
    slide, beside = folder / "level-0.dcm", folder / "DOE label.dcm"
    for file in (slide, beside):
        file.write_bytes(b"content")
    failure = Failure(
        uri=str(slide),
        slide_id="slide-1",
        stage="OpenSlides",
        level=None,
        frame=None,
        error_class="SourceError",
        message=f"{beside}: ends within its header; {beside.name} is one of the files in {folder}",
        reproduce=f"python -m pipeline.run --input '{slide}'",
    )
    outcome = SlideOutcome(uri=str(slide), slide_id="slide-1", status=Status.FAILED, failures=(failure,))
    (hidden,) = without_sources([outcome], config(KEYED))
    assert "DOE" not in str(hidden)
    assert "ends within its header" in hidden.failures[0].message


def test_outcomes_name_no_file_however_it_is_spelt(tmp_path: Path) -> None:
    """Errors put a blank for what ends a line, reports tell bytes that are no text as escapes, and shells quote."""
    folder = tmp_path / "o'DOE"
    folder.mkdir()
    slide, broken, lines = folder / "o'DOE.dcm", folder / "DOE\udcff.dcm", folder / "DOE\n2.dcm"
    for file in (slide, broken, lines):
        file.write_bytes(b"content")
    error = SourceError(f"{slide}: {broken.name} and {lines.name} are damaged")
    element = SlideInput(uri=str(slide), slide_id="slide-1")
    failure = dead_letter(error, "OpenSlides", element, config(KEYED))
    assert "o'\"'\"'DOE" in failure.reproduce
    assert "DOE\\udcff.dcm and DOE 2.dcm" in failure.message
    outcome = SlideOutcome(uri=str(slide), slide_id="slide-1", status=Status.FAILED, failures=(failure,))
    (hidden,) = without_sources([outcome], config(KEYED))
    assert "DOE" not in str(hidden)
    assert hidden.failures[0].message.endswith(" are damaged")
