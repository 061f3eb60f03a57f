"""Names of slides are folders of the output, and of nothing else."""

from pathlib import Path

import pytest

from pipeline.io.storage.local import LocalStore
from pipeline.job import run_job
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import ConfigError, StorageError
from pipeline.model.keys import SlideInput
from pipeline.slide_names import check_names

LEADING_OUT = ["../a.svs", "in/../../a.svs", "/etc/a.svs", "a//b.svs", "./a.svs", "..", "", "a/ /b.svs", "a\\b.svs"]


def slides(*names: str) -> list[SlideInput]:
    return [SlideInput(uri=f"/in/{number}", slide_id=name) for number, name in enumerate(names)]


@pytest.mark.parametrize("name", LEADING_OUT)
def test_a_name_that_leads_out_of_the_output_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="no name of a folder"):
        check_names(slides(name))


@pytest.mark.parametrize("name", ["_state/a.svs", "_staging/a.svs", "_reports", "_job/a.svs"])
def test_a_job_from_python_takes_no_reserved_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="kept for reports and state"):
        run_job(slides(name), ConversionConfig(output=str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", LEADING_OUT)
def test_a_store_touches_nothing_outside(name: str, tmp_path: Path) -> None:
    """Not even if nobody has looked at the name before."""
    store = LocalStore(str(tmp_path / "out"), "job")
    precious = tmp_path / "a.svs" / "level-0.dcm"
    precious.parent.mkdir()
    precious.write_bytes(b"DICM")
    for call in (
        lambda: store.clean(name),
        lambda: store.publish(name, overwrite=True),
        lambda: store.stage_run(name, "level-0", 0, [b"frame"], None),
        lambda: store.write_record(name, "{}"),
    ):
        with pytest.raises(StorageError, match="no name of a folder"):
            call()
    assert precious.read_bytes() == b"DICM"


@pytest.mark.parametrize("names", [("case1", "case1.json/x"), ("case1.json/x", "case1"), ("a", "a/b"), ("A", "a")])
def test_places_of_two_slides_may_not_be_one(names: tuple[str, str]) -> None:
    with pytest.raises(ConfigError, match="would be written"):
        check_names(slides(*names))


def test_other_names_are_taken() -> None:
    check_names(slides("a.svs", "b/a.svs", "b/c (1) ü.svs", "..a", "case1.jsonl/x", "case1"))
