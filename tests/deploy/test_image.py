"""The image of Dataflow's workers and Flink's worker pools: what it takes is there, in the versions of the tests."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "configs" / "deploy" / "image"
DOCKERFILE = (IMAGE / "Dockerfile").read_text("utf-8")
DIFFER = {"cachetools"}
"""The extra `dataflow` and the tests want different ones."""


def pins(path: Path) -> dict[str, str]:
    """Return the versions of a constraints file, by normal name."""
    lines = [line.split("==") for line in path.read_text("utf-8").splitlines() if "==" in line]
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in lines}


def test_versions_are_those_of_the_tests() -> None:
    image, tests = pins(IMAGE / "constraints.txt"), pins(ROOT / "constraints.txt")
    assert {name for name in image.keys() & tests.keys() if image[name] != tests[name]} == DIFFER
    assert {"google-cloud-dataflow-client", "boto3", "imagecodecs", "openslide-bin"} <= image.keys()


def test_boot_program_and_library_are_of_one_version() -> None:
    (version,) = re.findall(r"^ARG BEAM_VERSION=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert pins(IMAGE / "constraints.txt")["apache-beam"] == version


def test_what_is_copied_is_there() -> None:
    copied = [words.split()[:-1] for words in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)]
    sources = [source for words in copied for source in words]
    assert {"pipeline", "transforms", "io", "configs", "setup.py"} <= set(sources)
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_build_is_of_this_dockerfile() -> None:
    build = yaml.safe_load((IMAGE / "cloudbuild.yaml").read_text("utf-8"))
    (step,) = build["steps"]
    assert (IMAGE / "Dockerfile").samefile(ROOT / step["args"][step["args"].index("--file") + 1])
    assert build["images"] == ["${_IMAGE}"]
