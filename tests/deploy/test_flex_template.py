"""The Flex Template's parameters are the options of the command line."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.flex_template import flags
from pipeline.configs.flex_template import (
    IMAGE,
    NOT_IN_A_TEMPLATE,
    REQUIRED,
    parameter_name,
    template_metadata,
    template_settings,
)
from pipeline.configs.setting import Setting
from pipeline.configs.settings import SETTINGS, SETTINGS_BY_NAME
from pipeline.options import conversion_parser, parse

DATAFLOW = Path(__file__).resolve().parents[2] / "configs" / "deploy" / "dataflow"
METADATA: dict[str, Any] = json.loads((DATAFLOW / "metadata.json").read_text("utf-8"))
PARAMETERS: dict[str, dict[str, Any]] = {parameter["name"]: parameter for parameter in METADATA["parameters"]}
GIVEN = {
    "input": "gs://scans/2024/**/*.svs",
    "output": "gs://archive/wsi",
    "manifest": "gs://scans/slides.csv",
    "mapping": "gs://scans/mapping.yaml",
    "level": "0-2",
    "levels-by-spacing": "0.25,1",
    "max-instance-mb": "1000",
    "tile-size": "512",
    "jpeg-quality": "80",
    "j2k-decomposition-levels": "5",
    "j2k-quality": "45.5",
    "compression-ratio": "20",
    "jpeg-ls-near": "2",
    "anatomic-site": "breast",
    "icc": "omit",
    "background": "F0F0F0",
    "source-pixel-spacing-mm": "0.0005,0.0005",
    "threads": "1",
    "isolate-timeout": "60",
    "run-frames": "32",
    "run-bytes": "8388608",
}
"""A value for each setting that has no names of its own."""


def example(setting: Setting) -> str:
    """Return a value of a setting."""
    if setting.name in GIVEN:
        return GIVEN[setting.name]
    return setting.metavar.strip("{}").split(",")[0] if setting.metavar else "true"


def test_the_file_is_what_the_settings_say() -> None:
    assert template_metadata() == METADATA, (
        "python -m pipeline.configs.flex_template > configs/deploy/dataflow/metadata.json"
    )


def test_every_setting_is_a_parameter_or_left_out_for_a_reason() -> None:
    left_out = [name for names in NOT_IN_A_TEMPLATE.values() for name in names]
    assert sorted([*left_out, *(setting.name for setting in template_settings())]) == sorted(SETTINGS_BY_NAME)
    assert set(PARAMETERS) == {parameter_name(setting) for setting in template_settings()} | {IMAGE}
    assert {name for name, parameter in PARAMETERS.items() if not parameter.get("isOptional")} == {*REQUIRED, IMAGE}


def test_parameters_have_the_words_of_the_help() -> None:
    told = [
        setting.name
        for setting in template_settings()
        if PARAMETERS[parameter_name(setting)]["helpText"] != setting.help
    ]
    assert told == ["input", "output"]
    assert all(f"--{setting.name}" in conversion_parser("x").option_strings() for setting in SETTINGS)


@pytest.mark.parametrize("setting", template_settings(), ids=lambda setting: setting.name)
def test_a_value_that_passes_is_taken(setting: Setting) -> None:
    value, parameter = example(setting), PARAMETERS[parameter_name(setting)]
    assert all(re.match(regex, value) for regex in parameter.get("regexes", ()))
    if setting.metavar:
        setting.parse([value] if setting.repeated else value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("input", "/home/scans/a.svs"), ("output", "out"), ("tile_size", "big"), ("force", "yes"), ("profile", "gogle")],
)
def test_a_value_that_would_fail_later_is_refused(name: str, value: str) -> None:
    assert not all(re.match(regex, value) for regex in PARAMETERS[name]["regexes"])


def test_what_a_launcher_passes_becomes_a_request() -> None:
    passed = [
        "--input=gs://scans/a.svs",
        "--output=gs://archive/wsi",
        "--tile_size=256",
        "--research_placeholder=true",
        "--no_label=true",
        "--force=false",
        "--project=archive",
        "--region=europe-west1",
        "--temp_location=gs://archive/tmp",
        "--labels={'goog-dataflow-provided-template-type': 'flex'}",
    ]
    request = parse(list(flags(passed)))
    assert (request.inputs, request.config.output) == (("gs://scans/a.svs",), "gs://archive/wsi")
    assert (request.config.tile_size, request.config.research_placeholder) == (256, True)
    assert (request.config.label, request.config.force) == (False, False)
    assert list(request.beam_arguments) == passed[-4:]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is not installed")
def test_google_s_tool_takes_the_file(tmp_path: Path) -> None:
    words = ["--image=europe-west1-docker.pkg.dev/project/images/slidebeam:1", "--sdk-language=PYTHON", "--print-only"]
    command = ["gcloud", "dataflow", "flex-template", "build", "gs://bucket/template.json", "--project=project", *words]
    done = subprocess.run(
        [*command, f"--metadata-file={DATAFLOW / 'metadata.json'}"],
        env={**os.environ, "CLOUDSDK_CONFIG": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout[done.stdout.index("{") :]
    assert json.loads(printed)["metadata"]["parameters"] == METADATA["parameters"]
