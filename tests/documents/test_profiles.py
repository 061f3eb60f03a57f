"""The tables of target profiles in the documents are the profiles that ship."""

import re
from pathlib import Path

import pytest

from pipeline.configs.profiles import profile_names, target_profile
from pipeline.model.offset_table import OffsetTable
from pipeline.model.transfer_syntaxes import TransferSyntax

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "profiles.md").read_text("utf-8")
LIMITS = {
    "kept": "passes as it is",
    "otherwise": "everything else becomes",
    "accepted": "may be asked for",
    "max_instance_bytes": "size of files",
    "largest_instance_bytes": "largest file",
    "offset_table": "offset table",
    "samples": "samples a pixel",
    "bits": "bits a sample",
    "focal_planes": "focal planes",
    "optical_paths": "optical paths",
}
"""What the page calls the fields of a profile."""


def told(value: object) -> str:
    """Return a value as the page writes it."""
    if isinstance(value, tuple):
        syntaxes = [syntax for syntax in value if isinstance(syntax, TransferSyntax)]
        if len(TransferSyntax) - len(syntaxes) <= 3:
            left_out = [syntax for syntax in TransferSyntax if syntax not in syntaxes]
            return "all but " + ", ".join(f"`{syntax.option}`" for syntax in left_out) if left_out else "all"
        return ", ".join(f"`{syntax.option}`" for syntax in syntaxes)
    if isinstance(value, TransferSyntax):
        return f"`{value.option}`"
    if isinstance(value, OffsetTable):
        return f"`{value}`"
    return f"{value // 1_000_000} MB" if isinstance(value, int) and value > 1000 else str(value)


def table(name: str) -> list[str]:
    """Return the rows that the page has for a profile."""
    profile = target_profile(name)
    return [f"| {LIMITS[field]} | {told(getattr(profile, field))} | {source} |" for field, source in profile.sources]


def section(name: str) -> str:
    """Return what the page says of a profile."""
    return re.split(r"^## ", PAGE.split(f"\n## {name}\n")[1], flags=re.MULTILINE)[0]


def test_every_profile_has_its_section() -> None:
    sections = re.findall(r"^## ([a-z-]+)$", PAGE, re.MULTILINE)
    assert sections == profile_names()


@pytest.mark.parametrize("name", profile_names())
def test_the_table_of_a_profile_is_the_profile(name: str) -> None:
    rows = [line for line in section(name).splitlines() if line.startswith("| ")]
    assert rows[1:] == table(name)
    assert target_profile(name).store in section(name)
