"""The command that shows a failure again: the settings of a configuration that are not the defaults, as flags.

Every setting that has a say in what is written is in it but for what is in files: metadata, an ICC profile and a key
are not carried in a configuration by their names, and metadata of patients belong in no report.
"""

import shlex
from collections.abc import Iterator
from typing import Any

from pipeline.configs.settings import SETTINGS
from pipeline.model.colour_choice import IccChoice
from pipeline.model.config import ConversionConfig
from pipeline.model.target import TargetProfile
from pipeline.model.transfer_syntaxes import TransferSyntax

_ELSEWHERE = frozenset(
    (
        "output",
        "levels",
        "metadata",
        "research_placeholder",
        "wave_bytes",
        "wave_slides",
        "deidentify",
        "crosswalk",
        "overwrite",
        "force",
    )
)
"""Fields that are no flag of their own here, or of no interest in another output."""
_MEGABYTE = 1_000_000


def reproduce_command(
    config: ConversionConfig, uri: str, level: int | None, *, placeholders: bool, in_output: bool = False
) -> str:
    """Return a shell command that converts the slide with the same options, or its level that failed.

    It writes to an output of its own, never to the one that the failure was met in: metadata are not in the command,
    and placeholders stand in for them unless it is metadata that was missing. For a failure that lies `in_output` and
    not in the slide it is a dry run there.
    """
    output = config.output if in_output else "reproduced"
    words = ["python", "-m", "pipeline.run", "--input", uri, "--output", output, *_options(config)]
    if placeholders or config.research_placeholder:
        words.append("--research-placeholder")
    if in_output:
        return shlex.join([*words, "--plan"])
    levels = config.levels or ()
    if level is not None and not config.changes_pyramid:
        levels = (level,)
    if levels:
        words += ["--level", ",".join(map(str, levels))]
    return shlex.join(words) + " --verbose"


def _options(config: ConversionConfig) -> Iterator[str]:
    default = ConversionConfig(output=config.output)
    if config.deidentify is not None:
        yield "--deidentify"
    for setting in SETTINGS:
        if not setting.field or setting.field in _ELSEWHERE:
            continue
        value = getattr(config, setting.field)
        if value == getattr(default, setting.field):
            continue
        written = _written(setting.field, value)
        if written is not None:
            yield f"--{setting.name}"
            yield from ([written] if setting.metavar else [])


def _written(field: str, value: Any) -> str | None:
    """Return a value as its setting takes it; None for what only a file can say."""
    if field == "max_instance_bytes":
        return f"{value / _MEGABYTE:g}"
    if isinstance(value, TransferSyntax):
        return value.option
    if isinstance(value, TargetProfile):
        return value.name
    if isinstance(value, IccChoice):
        return None if value.profile else value.policy.value
    if isinstance(value, tuple):
        return ",".join(f"{part:g}" for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
