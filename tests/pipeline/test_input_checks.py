"""What is refused before a job begins: output that would take a source's place, metadata of one slide for several."""

from pathlib import Path

import pytest

from pipeline import DicomExport, run
from pipeline.input_checks import check_job, check_places
from pipeline.inputs import expand_inputs
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput
from pipeline.model.metadata import GivenMetadata, sample_metadata
from tests.pipeline.counted import counted_slides

DICOM = bytes(128) + b"DICM"
OF_ONE_SLIDE = ("container_identifier", "specimen_identifier", "specimen_uid", "barcode_value", "label_text")


def make(root: Path, *names: str, data: bytes = b"") -> None:
    """Make files below a folder."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def check(output: Path, *patterns: Path, metadata: GivenMetadata | None = None) -> None:
    """Check a job with these inputs."""
    config = ConversionConfig(output=str(output), metadata=metadata or GivenMetadata())
    check_job(expand_inputs([str(pattern) for pattern in patterns]), config)


def refusal(output: Path, *patterns: Path) -> str:
    """Return the one line that says why a job is refused."""
    with pytest.raises(ConfigError) as caught:
        check(output, *patterns)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith("name another --output")
    return message


def test_a_source_is_not_replaced_by_its_own_series(
    sample_slide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slide = tmp_path / "slide.svs"
    slide.write_bytes(sample_slide.read_bytes())
    monkeypatch.chdir(tmp_path)
    arguments = ["--input", "slide.svs", "--output", ".", "--overwrite", "--research-placeholder", "--level", "2"]
    assert run.main(arguments) == 1
    complained = capsys.readouterr().err
    assert complained.count("\n") == 1
    assert f"{slide} would be written to {slide}, which is the source" in complained
    with pytest.raises(ConfigError, match="which is the source"):
        DicomExport.from_slide(slide).to_directory(tmp_path).overwrite().research_placeholder().run()
    assert list(tmp_path.iterdir()) == [slide]
    assert slide.read_bytes() == sample_slide.read_bytes()


def test_the_series_of_one_slide_does_not_replace_another_slide(tmp_path: Path) -> None:
    make(tmp_path, "one/a.svs", "out/b/a.svs")
    message = refusal(tmp_path / "out" / "b", tmp_path / "one" / "a.svs", tmp_path / "out" / "**" / "*.svs")
    assert f"{tmp_path}/one/a.svs would be written to {tmp_path}/out/b/a.svs, which is the source" in message


def test_a_series_does_not_take_a_folder_with_a_source_in_it(tmp_path: Path) -> None:
    make(tmp_path, "one/a.svs", "out/a.svs/b.svs")
    message = refusal(tmp_path / "out", tmp_path / "one" / "a.svs", tmp_path / "out" / "a.svs" / "b.svs")
    assert f"{tmp_path}/out/a.svs, which holds the source {tmp_path}/out/a.svs/b.svs" in message


@pytest.mark.parametrize("output", ["series", "series/new", "series/new/deep"])
def test_nothing_is_written_into_a_folder_that_is_a_source(tmp_path: Path, output: str) -> None:
    make(tmp_path, "series/1.dcm", data=DICOM)
    assert f"the source {tmp_path}/series;" in refusal(tmp_path / output, tmp_path / "series")


def test_a_dicom_folder_is_not_replaced_by_its_conversion(tmp_path: Path) -> None:
    make(tmp_path, "series/1.dcm", data=DICOM)
    assert "which is the source" in refusal(tmp_path, tmp_path / "series")


def test_the_data_of_a_mirax_slide_are_a_source_too(tmp_path: Path) -> None:
    make(tmp_path, "case/s.mrxs", "case/s/Slidedat.ini")
    make(tmp_path, "other/s/1.dcm", data=DICOM)
    assert f"lies in the source {tmp_path}/case/s" in refusal(
        tmp_path / "case" / "s" / "out", tmp_path / "case" / "s.mrxs"
    )
    both = refusal(tmp_path / "case", tmp_path / "other" / "s", tmp_path / "case" / "s.mrxs")
    assert f"{tmp_path}/other/s would be written to {tmp_path}/case/s, which is the source" in both


def test_links_are_followed_on_both_sides(tmp_path: Path) -> None:
    make(tmp_path, "store/a.svs", "links/.keep")
    (tmp_path / "links" / "a.svs").symlink_to(tmp_path / "store" / "a.svs")
    (tmp_path / "also").symlink_to(tmp_path / "store")
    for output in ("links", "store", "also"):
        for folder in ("links", "store", "also"):
            assert "which is the source" in refusal(tmp_path / output, tmp_path / folder / "a.svs")


def test_a_link_to_a_source_is_kept_as_well(tmp_path: Path) -> None:
    make(tmp_path, "store/x.svs", "one/a.svs", "out/a.svs/.keep")
    (tmp_path / "out" / "a.svs" / "b.svs").symlink_to(tmp_path / "store" / "x.svs")
    assert "which holds the source" in refusal(
        tmp_path / "out", tmp_path / "one" / "a.svs", tmp_path / "out" / "a.svs" / "b.svs"
    )


def test_an_output_beside_or_around_slides_is_fine(tmp_path: Path) -> None:
    make(tmp_path, "cohort/a.svs", "cohort/a/b.svs", "cohort/a.svs2/c.svs")
    make(tmp_path, "series/1.dcm", data=DICOM)
    slides = [tmp_path / "cohort" / "**" / "*.svs", tmp_path / "series"]
    for output in ("out", "cohort/out", "cohort/a/out", "series2"):
        check(tmp_path / output, *slides)


@pytest.mark.parametrize(
    ("output", "uri", "slide_id", "source"),
    [
        ("gs://b/in", "gs://b/in/a.svs", "a.svs", "gs://b/in/a.svs"),
        ("gs://b/in/a.svs", "gs://b/in/a.svs", "a.svs", "gs://b/in/a.svs"),
        ("gs://b", "gs://b/in/a.svs", "in", "gs://b/in/a.svs"),
        ("gs://b/in", "gs://b/in/a.czi#scene=2", "a.czi/scene-2", "gs://b/in/a.czi"),
        ("gs://b/in/s", "gs://b/in/s.mrxs", "s.mrxs", "gs://b/in/s"),
        ("gs://b/in", "gs://b/in/s.vsi", "_s_/x", "gs://b/in/_s_"),
    ],
)
def test_a_source_in_a_bucket_is_not_replaced(output: str, uri: str, slide_id: str, source: str) -> None:
    with pytest.raises(ConfigError, match=f"would be written where the source {source} is; name another --output"):
        check_places([SlideInput(uri=uri, slide_id=slide_id)], output)


def test_an_output_beside_or_around_slides_in_a_bucket_is_fine() -> None:
    slides = [SlideInput(uri=f"gs://b/in/{name}", slide_id=name) for name in ("a.svs", "a/b.svs", "s.mrxs")]
    for output in ("gs://b/in/out", "gs://b/in2", "gs://other/in", "s3://b/in", "gs://b/in/s2"):
        check_places(slides, output)


@pytest.mark.parametrize("scheme", ["gs://b", "/nowhere"])
def test_the_work_of_checking_grows_with_the_slides(scheme: str) -> None:
    slides = counted_slides(20_000, f"{scheme}/in")
    check_places(slides, f"{scheme}/out")
    with pytest.raises(ConfigError, match="name another --output"):
        check_places([*slides, SlideInput(uri=f"{scheme}/out/7.svs/x.svs", slide_id="x.svs")], f"{scheme}/out")


@pytest.mark.parametrize("key", OF_ONE_SLIDE)
def test_what_belongs_to_one_slide_is_not_given_to_several(tmp_path: Path, key: str) -> None:
    make(tmp_path, "a.svs", "b.svs")
    metadata = GivenMetadata(**{"patient_id": "P", key: "2.25.7"})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=rf"{key} .* 2 slides .* its own in a --manifest"):
        check(tmp_path / "out", tmp_path / "*.svs", metadata=metadata)
    check(tmp_path / "out", tmp_path / "a.svs", metadata=metadata)


def test_what_slides_share_is_given_to_several(tmp_path: Path) -> None:
    make(tmp_path, "a.svs", "b.svs")
    check(tmp_path / "out", tmp_path / "*.svs", metadata=GivenMetadata(patient_id="P", study_instance_uid="2.25.1"))


def test_the_command_names_all_keys_of_one_slide(
    sample_slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, "other.svs")
    metadata = tmp_path / "case.json"
    metadata.write_text(sample_metadata(), "utf-8")
    inputs = ["--input", str(sample_slide), str(tmp_path / "other.svs")]
    assert run.main([*inputs, "--output", str(tmp_path / "out"), "--metadata", str(metadata)]) == 1
    complained = capsys.readouterr().err
    assert "container_identifier, specimen_identifier, barcode_value, label_text" in complained
    assert complained.count("\n") == 1
    assert not (tmp_path / "out").exists()
