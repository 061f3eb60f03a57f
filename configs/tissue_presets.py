"""How tissue usually is prepared, and where it is taken from, by name: data of the folder `tissue`.

A preset is a list of steps as `specimen_preparation` of the metadata file has them; a site is a code. Whoever wants
another one copies a file's content into the metadata file.
"""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipeline.model.metadata import Code
from pipeline.model.metadata_codes import checked_code
from pipeline.model.metadata_preparation import PreparationStep, checked_steps

_FOLDER = Path(__file__).parent / "tissue"
_SITES = "anatomic-sites"


def specimen_preset_names() -> list[str]:
    """Return the names of the presets of specimen preparation."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml") if path.stem != _SITES)


@cache
def specimen_preset(name: str) -> tuple[PreparationStep, ...]:
    """Return the steps of a preset."""
    return checked_steps(_read(name))


@cache
def anatomic_sites() -> dict[str, Code]:
    """Return the codes of anatomic sites by name."""
    return {name: checked_code(code) for name, code in _read(_SITES).items()}


def _read(name: str) -> Any:
    return yaml.safe_load((_FOLDER / f"{name}.yaml").read_text("utf-8"))
