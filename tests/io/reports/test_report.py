"""The report of a job."""

import dataclasses
import json
from typing import Any

from pipeline.io.reports.report import conversion_report
from pipeline.model.config import Certificate, ConversionConfig
from pipeline.model.metadata import parse_metadata, sample_metadata
from pipeline.model.records import SlideOutcome, Status
from pipeline.model.state import InstanceRecord, Stage, StateRecord
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.io.reports.outcomes import all_kinds, published

CONFIG = ConversionConfig(output="/out", transfer_syntax=TransferSyntax.HTJ2K_LOSSLESS, certificate=Certificate.FULL)


RECORD: dict[str, Any] = {
    "stage": Stage.DONE,
    "slide_id": "a.svs",
    "uri": "/slides/a.svs",
    "job": "job-0",
    "overwrite": False,
    "fingerprint": "0123",
    "config_digest": "4567",
    "series_instance_uid": "1.2.3.4",
}


def test_it_is_json_with_the_keys_of_wsi_dicom() -> None:
    report = json.loads(json.dumps(conversion_report(all_kinds(), CONFIG, "job-1")))
    assert report["output_dir"] == "/out"
    assert report["job"] == "job-1"
    level = report["instances"][0]
    plan = published().plan
    assert plan is not None
    wanted = {
        "path": "/out/sample.svs/level-0.dcm",
        "sop_instance_uid": plan.instances[0].sop_instance_uid,
        "series_instance_uid": plan.series_instance_uid,
        "transfer_syntax_uid": "1.2.840.10008.1.2.4.50",
        "level": 0,
        "z": 0,
        "c": 0,
        "t": 0,
        "frame_count": 9,
    }
    assert {key: level[key] for key in wanted} == wanted
    assert level["metrics"]["jpeg_passthrough_frames"] == 6
    assert report["metrics"]["total_frames"] == 10
    assert report["metrics"]["rss_bytes"] > 10_000_000
    assert {"slidebeam", "apache-beam", "imagecodecs", "pydicom", "python"} < set(report["versions"])


def test_every_input_has_exactly_one_entry() -> None:
    report = conversion_report(all_kinds(), CONFIG, "job-1")
    assert [(slide["slide_id"], slide["status"]) for slide in report["slides"]] == [
        ("bad.svs", "failed"),
        ("none.svs", "failed"),
        ("old.svs", "skipped"),
        ("sample.svs", "published"),
    ]
    bad, none, old, sample = report["slides"]
    assert (bad["planned_frames"], bad["frames"], bad["failures"], bad["path"]) == (9, 0, 2, None)
    assert (none["planned_frames"], none["format"], none["failures"]) == (None, None, 1)
    assert (old["path"], old["failures"]) == ("/out/old.svs", 0)
    assert (sample["frames"], sample["bytes_in"], sample["bytes_written"]) == (10, 960, 20_000)
    assert sample["certificate"] == {"mode": "full", "digest": "xxh3_64", "compared_frames": 4}
    assert sample["warnings"] == ["odd but fine"]


def test_a_slide_skipped_without_being_opened_is_what_its_record_says() -> None:
    file = InstanceRecord(file="level-0-1.dcm", instance="level-0", bytes=10, frames=6, sop_instance_uid="1.2.3")
    files = (file, dataclasses.replace(file, file="level-0-2.dcm", frames=3), dataclasses.replace(file, instance="x"))
    record = StateRecord(**RECORD | {"instances": files, "format": "aperio", "study_instance_uid": "1.2"})
    outcome = SlideOutcome(uri="/slides/a.svs", slide_id="a.svs", status=Status.SKIPPED, record=record)
    (slide,) = conversion_report([outcome], CONFIG, "job-1")["slides"]
    assert (slide["status"], slide["path"], slide["format"]) == ("skipped", "/out/a.svs", "aperio")
    assert (slide["fingerprint"], slide["study_instance_uid"], slide["series_instance_uid"]) == (
        "0123",
        "1.2",
        "1.2.3.4",
    )
    older = dataclasses.replace(outcome, record=StateRecord(**RECORD | {"instances": files}))
    (of_older,) = conversion_report([older], CONFIG, "job-1")["slides"]
    assert (of_older["format"], of_older["study_instance_uid"]) == (None, None)
    assert (slide["planned_instances"], slide["planned_frames"]) == (2, 15)
    assert (slide["instances"], slide["bytes_written"], slide["warnings"]) == (0, 0, [])
    assert slide.keys() == conversion_report([published()], CONFIG, "job-1")["slides"][0].keys()


def test_failures_say_where_and_how_to_see_them_again() -> None:
    failures = conversion_report(all_kinds(), CONFIG, "job-1")["failures"]
    assert [(failure["slide_id"], failure["frame"]) for failure in failures] == [
        ("bad.svs", 0),
        ("bad.svs", 4),
        ("none.svs", None),
    ]
    assert failures[0]["reproduce"].startswith("python -m pipeline.run --input /slides/bad.svs")
    assert (failures[0]["error_class"], failures[0]["level"], failures[0]["instance"]) == ("TileError", 0, "level-0")


def test_lossy_history_is_told_for_each_instance() -> None:
    level, label = conversion_report([published()], CONFIG, "job-1")["instances"]
    assert level["lossy_history"] == {"stages": [{"method": "ISO_10918_1", "ratio": 9.73}], "unknown": False}
    assert (level["reversible"], label["reversible"]) == (False, True)
    assert (label["reason"], label["lossy_history"]["stages"]) == ("untiled", [])


def test_order_of_outcomes_and_job_do_not_matter() -> None:
    one = conversion_report(all_kinds(), CONFIG, "job-1")
    other = conversion_report(all_kinds()[::-1], CONFIG, "job-2")
    for report in (one, other):
        del report["job"], report["metrics"]["rss_bytes"]
    assert one == other


def test_nothing_of_the_patient_is_in_it() -> None:
    sample = sample_metadata()
    config = ConversionConfig(output="/out", metadata=parse_metadata(sample, "sample"), uid_salt="secret-salt")
    text = json.dumps(conversion_report(all_kinds(), config, "job-1"))
    assert json.loads(sample)["patient_id"] not in text
    assert json.loads(sample)["patient_name"] not in text
    assert "secret-salt" not in text


def test_options_have_the_names_of_the_command_line() -> None:
    options = conversion_report([], CONFIG, "job-1")["options"]
    assert options["transfer_syntax"] == "htj2k-lossless"
    assert (options["certificate"], options["levels"], options["label"]) == ("full", None, True)
