"""Reports on the disk, read back by other readers."""

import json
from pathlib import Path

import pyarrow.dataset
import pyarrow.parquet

from pipeline.io.reports.run_table import run_table
from pipeline.io.reports.schemas import RUN_SCHEMA, SCHEMAS, SLIDE_SCHEMA
from pipeline.io.reports.write import write_reports
from pipeline.model.config import ConversionConfig
from tests.io.reports.outcomes import all_kinds, every_tile_failed, published, unreadable
from tests.io.reports.waves import failed_slide, written_slide


def test_six_files_and_nothing_else(tmp_path: Path) -> None:
    uris = write_reports(all_kinds(), ConversionConfig(output=str(tmp_path)), "job-1")
    folder = tmp_path / "_reports" / "job-1"
    assert sorted(uris) == sorted(map(str, folder.iterdir()))
    assert sorted(path.name for path in folder.iterdir()) == [
        "failures.jsonl",
        "failures.parquet",
        "instances.parquet",
        "report.json",
        "runs.parquet",
        "slides.parquet",
    ]
    lines = (folder / "failures.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["message"] for line in lines] == [
        "tile 0 cannot be decoded",
        "tile 4 cannot be decoded",
        "/slides/none.svs does not exist",
    ]


def test_writing_again_replaces(tmp_path: Path) -> None:
    config = ConversionConfig(output=str(tmp_path))
    write_reports(all_kinds(), config, "job-1")
    write_reports([published()], config, "job-1")
    assert (tmp_path / "_reports" / "job-1" / "failures.jsonl").read_bytes() == b""


def test_tables_of_waves_are_folders_that_read_as_one_table(tmp_path: Path) -> None:
    config = ConversionConfig(output=str(tmp_path))
    write_reports([written_slide("a.svs"), failed_slide("b.svs", "SourceError")], config, "job-1", 1)
    write_reports([written_slide("c.svs")], config, "job-1", 2)
    write_reports([failed_slide("d.svs", "DecoderCrash")], config, "job-1", 3)
    folder = tmp_path / "_reports" / "job-1"
    assert json.loads((folder / "report-0002.json").read_text("utf-8"))["wave"] == 2
    assert (folder / "failures-0002.jsonl").read_bytes() == b""
    for name, schema in SCHEMAS.items():
        parts = sorted((folder / f"{name}.parquet").iterdir())
        assert [part.name for part in parts] == ["0001.parquet", "0002.parquet", "0003.parquet"]
        assert all(pyarrow.parquet.read_schema(part).equals(schema) for part in parts)
        assert pyarrow.dataset.dataset(folder / f"{name}.parquet").schema.equals(schema)
    slides = pyarrow.parquet.read_table(folder / "slides.parquet")
    assert sorted(zip(slides["slide_id"].to_pylist(), slides["wave"].to_pylist(), strict=True)) == [
        ("a.svs", 1),
        ("b.svs", 1),
        ("c.svs", 2),
        ("d.svs", 3),
    ]
    failures = pyarrow.parquet.read_table(folder / "failures.parquet")
    assert sorted(failures["error_class"].to_pylist()) == ["DecoderCrash", "SourceError"]
    assert pyarrow.parquet.read_table(folder / "runs.parquet").num_rows == 12


def test_runs_have_a_row_for_every_way_that_frames_went() -> None:
    table = run_table(all_kinds(), 1)
    assert table.schema.equals(RUN_SCHEMA)
    columns = ("instance", "first_frame", "run_frames", "frames", "route", "reason", "bytes_in")
    assert [tuple(row[column] for column in columns) for row in table.to_pylist()] == [
        ("level-0", 0, 5, 2, "passthrough", None, 500),
        ("level-0", 0, 5, 1, "encode", "jpeg-malformed", None),
        ("level-0", 0, 5, 1, "encode", "jpeg-not-baseline", None),
        ("level-0", 0, 5, 1, "background", "missing-tile", None),
        ("level-0", 5, 4, 4, "passthrough", None, 400),
        ("label", 0, 1, 1, "encode", "untiled", 60),
    ]
    sums = {name: sum(filter(None, table[name].to_pylist())) for name in ("frames", "bytes_in", "encode_micros")}
    assert sums == {"frames": 10, "bytes_in": 960, "encode_micros": 39}
    assert table["level"].to_pylist() == [0, 0, 0, 0, 0, None]


def test_instances_have_their_figures(tmp_path: Path) -> None:
    write_reports(all_kinds(), ConversionConfig(output=str(tmp_path)), "job-1")
    level, label = pyarrow.parquet.read_table(tmp_path / "_reports" / "job-1" / "instances.parquet").to_pylist()
    plan = published().plan
    assert plan is not None
    wanted = {
        "wave": 1,
        "slide_id": "sample.svs",
        "name": "level-0",
        "kind": "VOLUME",
        "level": 0,
        "path": f"{tmp_path}/sample.svs/level-0.dcm",
        "files": 1,
        "bytes": 10_000,
        "frames": 9,
        "columns": 600,
        "rows": 500,
        "tile_columns": 240,
        "optical_paths": 1,
        "row_spacing_mm": 0.000499,
        "route": "passthrough",
        "passthrough_frames": 6,
        "encoded_frames": 3,
        "bytes_in": 900,
        "decode_micros": 20,
        "psnr_db": 41.0,
        "sop_instance_uid": plan.instances[0].sop_instance_uid,
    }
    assert {name: level[name] for name in wanted} == wanted
    assert (label["level"], label["reason"], label["row_spacing_mm"], label["psnr_db"]) == (None, "untiled", None, None)


def test_failures_of_slides_and_tiles_have_their_rows(tmp_path: Path) -> None:
    write_reports([unreadable(), every_tile_failed()], ConversionConfig(output=str(tmp_path)), "job-1")
    rows = pyarrow.parquet.read_table(tmp_path / "_reports" / "job-1" / "failures.parquet").to_pylist()
    places = [(row["slide_id"], row["instance"], row["level"], row["frame"], row["error_class"]) for row in rows]
    assert places == [
        ("bad.svs", "level-0", 0, 0, "TileError"),
        ("bad.svs", "level-0", 0, 4, "TileError"),
        ("none.svs", None, None, None, "SourceError"),
    ]


def test_a_slide_whose_every_tile_failed_has_its_row(tmp_path: Path) -> None:
    write_reports(all_kinds(), ConversionConfig(output=str(tmp_path)), "job-1")
    table = pyarrow.parquet.read_table(tmp_path / "_reports" / "job-1" / "slides.parquet")
    assert table.schema.equals(SLIDE_SCHEMA)
    rows = {row["slide_id"]: row for row in table.to_pylist()}
    assert sorted(rows) == ["bad.svs", "none.svs", "old.svs", "sample.svs"]
    assert (rows["bad.svs"]["error_class"], rows["bad.svs"]["message"]) == ("TileError", "tile 0 cannot be decoded")
    assert (rows["bad.svs"]["planned_frames"], rows["bad.svs"]["frames"]) == (9, 0)
    assert (rows["sample.svs"]["passthrough_frames"], rows["sample.svs"]["error_class"]) == (6, None)
    assert (rows["sample.svs"]["bytes_written"], rows["sample.svs"]["warnings"]) == (20_000, 1)
    assert run_table([every_tile_failed()], 1).num_rows == 0
