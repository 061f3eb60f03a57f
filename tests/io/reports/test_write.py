"""Reports on the disk, read back by other readers."""

import io
import json
from pathlib import Path

import pyarrow.parquet

from pipeline.io.reports.run_table import RUN_SCHEMA, SLIDE_SCHEMA, run_table
from pipeline.io.reports.write import write_reports
from pipeline.model.config import ConversionConfig
from tests.io.reports.outcomes import all_kinds, every_tile_failed, published


def test_four_files_and_nothing_else(tmp_path: Path) -> None:
    uris = write_reports(all_kinds(), ConversionConfig(output=str(tmp_path)), "job-1")
    folder = tmp_path / "_reports" / "job-1"
    assert sorted(uris) == sorted(map(str, folder.iterdir()))
    assert sorted(path.name for path in folder.iterdir()) == [
        "failures.jsonl",
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


def test_runs_have_a_row_for_every_way_that_frames_went() -> None:
    table = pyarrow.parquet.read_table(io.BytesIO(run_table(all_kinds())))
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


def test_a_slide_whose_every_tile_failed_has_its_row(tmp_path: Path) -> None:
    write_reports(all_kinds(), ConversionConfig(output=str(tmp_path)), "job-1")
    table = pyarrow.parquet.read_table(tmp_path / "_reports" / "job-1" / "slides.parquet")
    assert table.schema.equals(SLIDE_SCHEMA)
    rows = {row["slide_id"]: row for row in table.to_pylist()}
    assert sorted(rows) == ["bad.svs", "none.svs", "old.svs", "sample.svs"]
    assert (rows["bad.svs"]["error_class"], rows["bad.svs"]["message"]) == ("TileError", "tile 0 cannot be decoded")
    assert (rows["bad.svs"]["planned_frames"], rows["bad.svs"]["frames"]) == (9, 0)
    assert (rows["sample.svs"]["passthrough_frames"], rows["sample.svs"]["error_class"]) == (6, None)
    assert run_table([every_tile_failed()]) == run_table([])
