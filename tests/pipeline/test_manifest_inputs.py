"""Slides from manifests, and manifests joined to slides of globs."""

import json
import logging
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.inputs import expand_inputs
from pipeline.io.manifests.joining import UnmatchedRow
from pipeline.io.storage.address import split_address
from pipeline.io.storage.opening import open_bucket
from pipeline.manifest_inputs import expand_manifest, join_manifest, join_preview, read_mapping
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput
from pipeline.model.manifest_mapping import ManifestMapping
from pipeline.model.metadata_file import parse_metadata
from tests import emulators
from tests.io.manifests.tables import SUFFIXES, write_table

MAPPING = "metadata:\n  patient_id: mrn\n  patient_name: '{family}^{given}'\n"


def make(root: Path, *names: str) -> None:
    """Make empty files below a folder."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def mapping_file(root: Path, text: str) -> str:
    """Write a mapping file and return its path."""
    (root / "mapping.yaml").write_text(text, "utf-8")
    return str(root / "mapping.yaml")


def manifest(root: Path, text: str) -> str:
    """Write a CSV and return its path."""
    (root / "cohort.csv").write_text(text, "utf-8")
    return str(root / "cohort.csv")


def slides(*names: str) -> tuple[SlideInput, ...]:
    """Return slides as a glob would."""
    return tuple(SlideInput(uri=f"/data/{name}", slide_id=name, stamp=f"stamp {name}", bytes=7) for name in names)


@pytest.mark.parametrize("column", ["slide", "uri", "path", "file"])
def test_without_a_mapping_the_slide_is_in_a_column_of_the_usual_name(tmp_path: Path, column: str) -> None:
    make(tmp_path, "x/a.svs", "x/b.svs")
    rows = manifest(tmp_path, f"case,{column}\n1,x/b.svs\n2,{tmp_path}/x/a.svs\n")
    assert list(expand_manifest(rows)) == [
        SlideInput(uri=str(tmp_path / "x" / "b.svs"), slide_id="x/b.svs"),
        SlideInput(uri=str(tmp_path / "x" / "a.svs"), slide_id="x/a.svs"),
    ]


def test_without_such_a_column_the_columns_are_told(tmp_path: Path) -> None:
    rows = manifest(tmp_path, "Image,case\na.svs,1\n")
    with pytest.raises(ConfigError, match=r"no column slide, uri, path or file; `slide: COLUMN` .* one of Image, case"):
        list(expand_manifest(rows))
    make(tmp_path, "a.svs")
    assert len(list(expand_manifest(rows, mapping_file(tmp_path, "slide: Image\n")))) == 1
    with pytest.raises(ConfigError, match=r"no column 'image'; did you mean 'Image'\? \(.*mapping\.yaml:1\)"):
        list(expand_manifest(rows, mapping_file(tmp_path, "slide: image\n")))


def test_rows_give_metadata_and_the_same_text_in_every_format(tmp_path: Path) -> None:
    make(tmp_path, "a.svs", "b.svs")
    table = [
        {"file": "a.svs", "mrn": "007", "family": "DOE", "given": "JANE"},
        {"file": "b.svs", "mrn": "008", "family": "DOE", "given": ""},
    ]
    mapping = mapping_file(tmp_path, MAPPING)
    found = {tuple(expand_manifest(write_table(tmp_path / f"t{suffix}", table), mapping)) for suffix in SUFFIXES}
    ((first, second),) = found
    assert first.metadata == '{"patient_id":"007","patient_name":"DOE^JANE"}'
    assert json.loads(second.metadata) == {"patient_id": "008"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(("mrn", "family", "given"), st.text(max_size=70))), min_size=1))
def test_what_is_yielded_is_metadata_whatever_the_cells(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    make(tmp_path, *(f"{number}.svs" for number in range(len(rows))))
    table = [{"file": f"{number}.svs", **row} for number, row in enumerate(rows)]
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in table))
    try:
        found = list(expand_manifest(str(path), mapping_file(tmp_path, MAPPING)))
    except ConfigError:
        return
    for slide, row in zip(found, table, strict=True):
        given_metadata = parse_metadata(slide.metadata or "{}", "row")
        assert given_metadata.patient_id == (row["mrn"].strip() or None)


def test_names_come_from_a_column(tmp_path: Path) -> None:
    make(tmp_path, "a.svs", "z.czi")
    mapping = mapping_file(tmp_path, "name: '{case}/{block}'\n")
    rows = manifest(tmp_path, "file,case,block\na.svs,S1,A\nz.czi#scene=2,S1,B\n")
    found = {slide.slide_id: slide.uri for slide in expand_manifest(rows, mapping)}
    assert found == {"S1/A": str(tmp_path / "a.svs"), "S1/B": f"{tmp_path}/z.czi#scene=2"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a.svs,1\na.svs,2\n", r"cohort\.csv:3: a\.svs is the slide of .*cohort\.csv:2, too"),
        ("a.svs,1\nx/../a.svs,2\n", r"cohort\.csv:3: x/\.\./a\.svs is the slide of .*cohort\.csv:2, too"),
        ("a.svs,S1\nb.svs,s1\n", r"cohort\.csv:3: .*/a\.svs and .*/b\.svs: both would be written to S1; .*`name:`"),
        ("a.svs,S1\nb.svs,s1/x\n", r"cohort\.csv:3: .*into the folder of the other"),
        ("a.svs,_reports\n", r"cohort\.csv:2: .* kept for reports and state"),
        ("a.svs,../../etc\n", r"cohort\.csv:2: '\.\./\.\./etc' is no name of a folder"),
        ("a.svs,\n", r"cohort\.csv:2: 'name' is empty; the mapping file takes the slide's name from it"),
        (",1\n", r"cohort\.csv:2: 'file' is empty; each row names a slide"),
        ("*.svs,1\n", r"1 rows have no slide: .*cohort\.csv:2 \(\*\.svs\)"),
        ("folder,1\n", r"cohort\.csv:2: .*folder is a folder, and not of one slide"),
        ("gs://b/../../a.svs,../1\n", r"cohort\.csv:2: '\.\./1' is no name of a folder"),
        ("ftp://h/a.svs,1\n", r"cohort\.csv:2: .*there is no store for ftp://"),
    ],
)
def test_rows_that_cannot_be_used_are_told(tmp_path: Path, rows: str, message: str) -> None:
    make(tmp_path, "a.svs", "b.svs", "folder/x.svs")
    with pytest.raises(ConfigError, match=message) as caught:
        list(expand_manifest(manifest(tmp_path, f"file,name\n{rows}"), mapping_file(tmp_path, "name: name\n")))
    assert "\n" not in str(caught.value)


def test_one_error_tells_the_first_rows_and_counts_the_others(tmp_path: Path) -> None:
    rows = "".join(f"s{number}.svs,{'x' * 65}\n" for number in range(40))
    make(tmp_path, *(f"s{number}.svs" for number in range(40)))
    mapping = mapping_file(tmp_path, "metadata: {patient_id: mrn}\n")
    with pytest.raises(ConfigError, match=r"cohort\.csv:2: column 'mrn': .*cohort\.csv:6: .*; and 35 more$"):
        list(expand_manifest(manifest(tmp_path, f"file,mrn\n{rows}"), mapping))


def test_rows_without_a_file_are_refused_or_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make(tmp_path, "a.svs")
    rows = manifest(tmp_path, "file\na.svs\nnone.svs\n")
    with pytest.raises(ConfigError, match=r"1 rows have no slide: .*cohort\.csv:3 \(none\.svs\); `on_missing: warn`"):
        list(expand_manifest(rows))
    warn = mapping_file(tmp_path, "on_missing: warn\n")
    with caplog.at_level(logging.WARNING):
        assert [slide.slide_id for slide in expand_manifest(rows, warn)] == ["a.svs"]
    assert "cohort.csv:3 (none.svs)" in caplog.text
    preview = join_preview(rows)
    assert [slide.slide_id for slide in preview.matched] == ["a.svs"]
    assert preview.rows_without_slide == (UnmatchedRow(f"{rows}:3", "none.svs"),)


def test_slides_of_a_glob_get_their_rows(tmp_path: Path) -> None:
    rows = manifest(tmp_path, "slide,mrn,family,given\nb,2,B,\na.svs,1,A,X\n")
    first, second = join_manifest(slides("1/a.svs", "2/b.ndpi"), rows, mapping_file(tmp_path, MAPPING))
    assert first == SlideInput(
        uri="/data/1/a.svs",
        slide_id="1/a.svs",
        metadata='{"patient_id":"1","patient_name":"A^X"}',
        stamp="stamp 1/a.svs",
        bytes=7,
    )
    assert second.metadata == '{"patient_id":"2"}'


def test_what_is_left_over_is_refused_said_or_previewed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = manifest(tmp_path, "slide,mrn\na,1\nq,2\n")
    given_slides = slides("a.svs", "b.svs")
    with pytest.raises(
        ConfigError, match=r"1 slides have no row in .*: /data/b\.svs; 1 rows have no slide: .*:3 \(q\)"
    ) as caught:
        join_manifest(given_slides, rows)
    preview = join_preview(rows, slides=given_slides)
    assert str(caught.value).startswith("; ".join(preview.left_over(rows)))
    assert [slide.slide_id for slide in preview.matched] == ["a.svs"]
    assert preview.slides_without_row == given_slides[1:]
    assert preview.rows_without_slide == (UnmatchedRow(f"{rows}:3", "q"),)
    warn = mapping_file(tmp_path, "on_missing: warn\nmetadata: {patient_id: mrn}\n")
    with caplog.at_level(logging.WARNING):
        first, second = join_manifest(given_slides, rows, warn)
    assert first.metadata
    assert second == given_slides[1]
    assert "1 slides have no row" in caplog.text
    assert "1 rows have no slide" in caplog.text


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a\na.svs\n", r"cohort\.csv:3: a\.svs is the slide of .*cohort\.csv:2, too"),
        ("e\n", r"cohort\.csv:2: e may be /data/e\.ndpi or /data/e\.svs; `join: path`"),
    ],
)
def test_a_join_that_is_not_one_to_one_is_refused_even_with_warn(tmp_path: Path, rows: str, message: str) -> None:
    warn = mapping_file(tmp_path, "on_missing: warn\n")
    with pytest.raises(ConfigError, match=message):
        join_manifest(slides("a.svs", "e.svs", "e.ndpi"), manifest(tmp_path, f"slide\n{rows}"), warn)


def test_rows_of_other_slides_may_be_wrong(tmp_path: Path) -> None:
    warn = mapping_file(tmp_path, "on_missing: warn\nmetadata: {patient_sex: sex}\n")
    (slide,) = join_manifest(slides("a.svs"), manifest(tmp_path, "slide,sex\na,F\nq,female\n"), warn)
    assert slide.metadata == '{"patient_sex":"F"}'


def test_scenes_of_a_file_share_a_row_and_keep_names_of_their_own(tmp_path: Path) -> None:
    scenes = tuple(SlideInput(uri=f"/data/z.czi#scene={scene}", slide_id=f"z.czi/scene-{scene}") for scene in (1, 2))
    rows = manifest(tmp_path, "slide,case\nz.czi,S1\n")
    mapping = mapping_file(tmp_path, "name: case\nmetadata: {accession_number: case}\n")
    found = join_manifest(scenes, rows, mapping)
    assert [slide.slide_id for slide in found] == ["S1/scene-1", "S1/scene-2"]
    assert {slide.metadata for slide in found} == {'{"accession_number":"S1"}'}


def test_a_key_that_climbs_gives_no_name_that_does(gcp_emulator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    emulators.use_gcs(gcp_emulator, monkeypatch.setenv)
    uri = f"gs://{emulators.BUCKET}/climbing/cohort.csv"
    open_bucket(uri).write("climbing/cohort.csv", f"slide\ngs://{emulators.BUCKET}/climbing/../../a.svs\n".encode())
    with pytest.raises(ConfigError, match=r"cohort\.csv:2: '\.\./\.\./a\.svs' is no name of a folder"):
        list(expand_manifest(uri))


def test_a_join_that_finds_nothing_is_refused_even_with_warn(tmp_path: Path) -> None:
    warn = mapping_file(tmp_path, "on_missing: warn\n")
    rows = manifest(tmp_path, "slide\nq\n")
    with pytest.raises(ConfigError, match="no slide has a row"):
        join_manifest(slides("a.svs"), rows, warn)
    with pytest.raises(ConfigError, match="names a slide that is there"):
        list(expand_manifest(rows, warn))


def test_names_that_collide_after_the_join_are_refused(tmp_path: Path) -> None:
    make(tmp_path, "a.svs", "b.svs")
    rows = manifest(tmp_path, "slide,case\na,S1\nb,S1\n")
    with pytest.raises(ConfigError, match="both would be written to S1"):
        expand_inputs([str(tmp_path / "*.svs")], manifest=rows, mapping=mapping_file(tmp_path, "name: case\n"))


def test_a_manifest_in_a_bucket_names_slides_beside_it(object_root: str, tmp_path: Path) -> None:
    make(tmp_path, "here.svs")
    rows = Path(manifest(tmp_path, f"file\nx/a.svs\ngs://other/b.svs\n{tmp_path}/here.svs\n")).read_bytes()
    uri = f"{object_root}/lists/cohort.csv"
    open_bucket(uri).write(split_address(uri).key, rows)
    assert {slide.uri: slide.slide_id for slide in expand_manifest(uri)} == {
        f"{object_root}/lists/x/a.svs": "x/a.svs",
        "gs://other/b.svs": "b.svs",
        f"{tmp_path}/here.svs": "here.svs",
    }


def test_a_mapping_file_is_read_from_anywhere(object_root: str, tmp_path: Path) -> None:
    uri = f"{object_root}/mapping.yaml"
    open_bucket(uri).write(split_address(uri).key, "\ufeffslide: Image\n".encode())
    assert read_mapping(uri).slide
    assert read_mapping("") == ManifestMapping()
    (tmp_path / "latin.yaml").write_bytes(b"slide: M\xfcller\n")
    (tmp_path / "large.yaml").write_bytes(b"#" * (2 << 20))
    for name, message in (("none.yaml", "No such file"), ("latin.yaml", "not UTF-8"), ("large.yaml", "larger than")):
        with pytest.raises(ConfigError, match=message):
            read_mapping(str(tmp_path / name))


def test_a_real_slide_is_found_by_glob_and_row(sample_slide: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    shutil.copy(sample_slide, tmp_path / "in" / "slide.svs")
    found = expand_inputs([str(tmp_path / "in" / "*.svs")])
    rows = manifest(tmp_path, "path,mrn\nin/slide.svs,007\n")
    (slide,) = join_manifest(found, rows, mapping_file(tmp_path, "join: path\nmetadata: {patient_id: mrn}\n"))
    assert slide.uri == str(tmp_path / "in" / "slide.svs")
    assert slide.metadata == '{"patient_id":"007"}'
