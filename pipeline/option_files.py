"""Options that name a file, or something that is read from one: metadata, attributes, ICC profile, key."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.configs.tissue_presets import anatomic_sites, specimen_preset
from pipeline.model.colour_choice import IccChoice, IccPolicy
from pipeline.model.deidentification import DatePolicy, Deidentify
from pipeline.model.errors import ConfigError
from pipeline.model.metadata import GivenMetadata, parse_metadata
from pipeline.model.metadata_merge import later_wins, with_preset

_LARGEST_JSON = 16 << 20
_LARGEST_PROFILE = 64 << 20
_LARGEST_KEY = 1 << 16


def given_metadata(values: Mapping[str, Any]) -> GivenMetadata:
    """Return what `--metadata`, `--dataset` and the presets of tissue give together.

    The later file counts, the data set over all of them; presets fill what none of them says. Raises ConfigError.
    """
    written = values.get("metadata", ())
    if isinstance(written, GivenMetadata):
        files = [written]
    else:
        anchor = values.get("fhir-anchor", "")
        files = [parse_metadata(_text(path, "metadata"), path, fhir_anchor=anchor) for path in written]
    if "dataset" in values:
        from pipeline.io.dicom.given_dataset import read_dataset

        files.append(read_dataset(_text(values["dataset"], "dataset"), values["dataset"]))
    given = later_wins(files)
    if "anatomic-site" in values:
        given = later_wins([GivenMetadata(anatomic_site=anatomic_sites()[values["anatomic-site"]]), given])
    return with_preset(given, specimen_preset(values["specimen-preset"])) if "specimen-preset" in values else given


def icc_choice(written: str) -> IccChoice:
    """Return the policy that `--icc` names, with the profile of `file:PATH`; raises ConfigError."""
    path = written.partition("file:")[2] if written.startswith("file:") else ""
    if not path:
        return IccChoice(IccPolicy(written))
    from pipeline.io.dicom.icc import input_profile

    return IccChoice(IccPolicy.FILE, input_profile(_bytes(path, "icc", _LARGEST_PROFILE), path))


def deidentify_choice(values: Mapping[str, Any]) -> Deidentify | None:
    """Return what is asked of de-identification; raises ConfigError for its options without it."""
    if not values.get("deidentify"):
        alone = [name for name in values if name.startswith("deidentify-")]
        if alone:
            raise ConfigError(f"--{alone[0]} goes with --deidentify")
        return None
    path = values.get("deidentify-key", "")
    key = _bytes(path, "deidentify-key", _LARGEST_KEY).strip() if path else b""
    if path and not key:
        raise ConfigError(f"--deidentify-key {path} is empty")
    return Deidentify(key=key, dates=values.get("deidentify-dates", DatePolicy.REMOVE))


def _text(path: str, option: str) -> str:
    try:
        return _bytes(path, option, _LARGEST_JSON).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"--{option} {path} cannot be read: {error}") from error


def _bytes(path: str, option: str, most: int) -> bytes:
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise ConfigError(f"--{option} {path} cannot be read: {error.strerror}") from error
    if len(data) > most:
        raise ConfigError(f"--{option} {path} is larger than the {most >> 20 or 1} MiB that are read")
    return data
