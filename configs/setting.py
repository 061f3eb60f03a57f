"""What a setting is."""

from dataclasses import dataclass

from pipeline.configs.values import Parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting."""

    name: str
    """Flag without its dashes, key of a YAML file."""
    parse: Parse
    help: str
    """What it does, with unit and default."""
    group: str
    """Heading of the help."""
    field: str = ""
    """Field of `ConversionConfig`; empty: none."""
    metavar: str = ""
    """Stands for the value in the help; empty: a flag without value."""
    alone: str = ""
    """Value that the flag stands for when it has none; empty: it must have one."""
    many: bool = False
    """The flag takes several values."""
    repeated: bool = False
    """The flag may be given again, and all values count."""


def terms(names: list[str]) -> str:
    """Return what stands for the value of a setting that takes one of several names."""
    return "{" + ",".join(names) + "}"
