"""Where the DICOM goes, by name: data of the folder `profiles`.

A file is a profile. It has `store`, and a key a limit with its `value` and the `source` that says where it comes from;
a limit that it leaves out is that of `plain`. Transfer syntaxes have the names of `--transfer-syntax`, and three more
for those that are passed on and never encoded; sizes are in megabytes, of a million bytes.
"""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipeline.configs.values import Parse, integer, megabytes, one_of
from pipeline.model.errors import ConfigError
from pipeline.model.offset_table import OffsetTable
from pipeline.model.target import TargetProfile
from pipeline.model.transfer_syntaxes import TransferSyntax

_FOLDER = Path(__file__).parent / "profiles"
_SYNTAXES = {syntax.option: syntax for syntax in TransferSyntax}


def profile_names() -> list[str]:
    """Return the names of the profiles."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


@cache
def target_profile(name: str) -> TargetProfile:
    """Return a profile by its name; raises ConfigError where its file is not as it has to be."""
    limits = yaml.safe_load((_FOLDER / f"{name}.yaml").read_text("utf-8"))
    try:
        return _profile(name, limits)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"profile {name}: {error!r}") from error


def _profile(name: str, limits: dict[str, Any]) -> TargetProfile:
    values: dict[str, Any] = {}
    sources: list[tuple[str, str]] = []
    store = limits.pop("store")
    for key, limit in limits.items():
        field, parse = _LIMITS[key]
        values[field] = parse(limit["value"])
        sources.append((field, limit["source"].strip()))
    return TargetProfile(name=name, store=store, sources=tuple(sources), **values)


def _syntax(name: Any) -> TransferSyntax:
    return _SYNTAXES[name]


def _syntaxes(names: Any) -> tuple[TransferSyntax, ...]:
    return tuple(_SYNTAXES[name] for name in names)


_LIMITS: dict[str, tuple[str, Parse]] = {
    "kept": ("kept", _syntaxes),
    "otherwise": ("otherwise", _syntax),
    "accepted": ("accepted", _syntaxes),
    "max-instance-mb": ("max_instance_bytes", megabytes),
    "largest-instance-mb": ("largest_instance_bytes", megabytes),
    "offset-table": ("offset_table", one_of(OffsetTable)),
    "samples": ("samples", integer),
    "bits": ("bits", integer),
    "focal-planes": ("focal_planes", integer),
    "optical-paths": ("optical_paths", integer),
}
"""By key of a file: the field of the profile, and how its value is read."""
