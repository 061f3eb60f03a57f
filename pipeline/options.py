"""The command line of the conversion: flags, a configuration file, and what is left for Beam.

A flag beats the file, the file beats the default. Flags come from `pipeline.configs.settings`, so that flag and file
cannot drift apart. What is not ours goes to Beam only if Beam knows it: a misspelt option is an error that suggests
the nearest, never silence.
"""

import argparse
import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pipeline
from pipeline.configs.loader import load_config, preset_names
from pipeline.configs.profiles import target_profile
from pipeline.configs.settings import SETTINGS, SETTINGS_BY_NAME
from pipeline.io.storage.address import is_address, split_address
from pipeline.model.config import Backend, ConversionConfig
from pipeline.model.errors import ConfigError
from pipeline.model.metadata import Sample, sample_metadata
from pipeline.option_files import deidentify_choice, given_metadata, icc_choice

_PIXEL_SETTINGS_ONLY = (
    "input",
    "output",
    "overwrite",
    "force",
    "quiet",
    "threads",
    "isolate",
    "isolate-timeout",
    "run-frames",
    "run-bytes",
    "watch",
    "watch-interval",
    "subscription",
    "completion-timeout",
    "manifest",
    "mapping",
    "wave-gb",
    "wave-slides",
    "plan",
    "rates",
    "prices",
    "plan-cores",
    "deidentify-crosswalk",
)
"""What `inspect`, which writes nothing, has no use for."""


_OF_THE_REQUEST = (
    *("json", "verbose", "quiet", "plan", "rates", "prices", "plan-cores"),
    *("watch", "watch-interval", "subscription", "completion-timeout"),
    *("manifest", "mapping"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for."""

    inputs: tuple[str, ...]
    """Paths and globs as they were typed."""
    config: ConversionConfig
    beam_arguments: tuple[str, ...] = ()
    """Arguments that Beam knows, as they were typed."""
    json: bool = False
    verbose: bool = False
    quiet: bool = False
    manifest: str = ""
    """Path or address of a table whose rows are joined to the inputs."""
    mapping: str = ""
    """Path of the file that says what a manifest's columns are."""
    watch: bool = False
    watch_interval: float = 30.0
    """Seconds."""
    subscription: str = ""
    """Of Pub/Sub; empty: slides are listed."""
    completion_timeout: float = 6 * 3600.0
    """Seconds."""
    plan: bool = False
    """Convert nothing, and say what would be done."""
    rates: str = ""
    """Path of a file of rates for the estimates of the plan; empty: the shipped ones."""
    prices: str = ""
    """Path of a file of prices; empty: there is no estimate of the cost."""
    plan_cores: int | None = None
    """Cores that will convert; None: those of this machine."""


class CommandParser(argparse.ArgumentParser):
    """An argument parser that raises ConfigError and knows no abbreviations."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "allow_abbrev": False})

    def error(self, message: str) -> NoReturn:
        """Raise ConfigError where argparse would print its usage and exit."""
        raise ConfigError(message)

    def option_strings(self) -> list[str]:
        """Return all flags."""
        return list(self._option_string_actions)

    def option_actions(self) -> Mapping[str, argparse.Action]:
        """Return what each flag does."""
        return self._option_string_actions

    def add_value_provider_argument(self, *names: str, **options: Any) -> None:
        """Add an argument of a template, as Beam's own parser does; here it only has to be known."""
        self.add_argument(*names, **options)


def conversion_parser(prog: str) -> CommandParser:
    """Return the parser of `slidebeam convert` and `python -m pipeline.run`."""
    parser = CommandParser(
        prog=prog,
        usage=f"{prog} --input SLIDE [SLIDE ...] --output DIR [options] [Beam options]",
        description="Convert whole-slide images to DICOM VL Whole Slide Microscopy.",
        epilog="Beam's own options (--runner, --direct_num_workers, ...) are passed on. Exit code: 0 all done, "
        "1 something failed, 130 stopped with Ctrl-C.",
    )
    add_settings(parser)
    parser.add_argument(
        "--sample-metadata",
        action=_PrintSampleMetadata,
        help="print a filled metadata file and stop: json (our keys; the default), fhir, or dataset (for --dataset)",
    )
    parser.add_argument(
        "--version", action="version", version=f"slidebeam {pipeline.__version__}", help="print the version and stop"
    )
    return parser


def add_settings(parser: argparse.ArgumentParser, *, writes: bool = True) -> None:
    """Add a flag for every setting, and `--config`; without `writes`, only those that say what would be written."""
    groups: dict[str, Any] = {}
    for setting in SETTINGS:
        if not writes and setting.name in _PIXEL_SETTINGS_ONLY:
            continue
        if setting.group not in groups:
            groups[setting.group] = parser.add_argument_group(setting.group)
        options: dict[str, Any] = {"dest": setting.name, "default": argparse.SUPPRESS, "help": setting.help}
        if not setting.metavar:
            options.update(action="store_const", const=True)
        else:
            options["metavar"] = setting.metavar
            if setting.many:
                options["nargs"] = "+"
            elif setting.alone:
                options.update(nargs="?", const=setting.alone)
            if setting.repeated:
                options["action"] = "extend" if setting.many else "append"
        groups[setting.group].add_argument(f"--{setting.name}", **options)
    parser.add_argument(
        "--config",
        metavar="FILE",
        help=f"YAML of these names without the dashes, or a preset: {', '.join(preset_names())}; a flag beats the file",
    )


def settings_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of configuration file and flags by name, each as its setting holds it; raises ConfigError."""
    values = load_config(arguments.config) if arguments.config else {}
    for name, written in vars(arguments).items():
        if name in SETTINGS_BY_NAME:
            try:
                values[name] = SETTINGS_BY_NAME[name].parse(written)
            except ValueError as error:
                raise ConfigError(f"--{name} {error}") from error
    return values


def config_of(values: Mapping[str, Any]) -> ConversionConfig:
    """Return the configuration that settings make; metadata, ICC profile and key are read. Raises ConfigError."""
    fields = {SETTINGS_BY_NAME[name].field: value for name, value in values.items() if SETTINGS_BY_NAME[name].field}
    fields["metadata"] = given_metadata(values)
    fields["deidentify"] = deidentify_choice(values)
    if "icc" in fields:
        fields["icc"] = icc_choice(fields["icc"])
    if "profile" in fields:
        profile = fields["profile"] = target_profile(fields["profile"])
        fields = {"max_instance_bytes": profile.max_instance_bytes, "offset_table": profile.offset_table} | fields
    config = ConversionConfig(**fields)
    check_backend(config.backend)
    return config


def parse(argv: Sequence[str], prog: str = "slidebeam convert") -> Request:
    """Return what the command line asks for.

    Raises ConfigError. `--help`, `--version` and `--sample-metadata` print and raise SystemExit(0).
    """
    parser = conversion_parser(prog)
    arguments, rest = parser.parse_known_args(list(argv))
    check_beam_knows(rest, parser)
    values = settings_of(arguments)
    for name, way_out in (
        ("input", "--input SLIDE names what to convert"),
        ("output", "--output DIR names the folder"),
    ):
        if name not in values:
            raise ConfigError(f"--{name} is missing: {way_out} (slidebeam convert --help lists all options)")
    values["output"] = output_folder(values["output"])
    return Request(
        inputs=values["input"],
        config=config_of(values),
        beam_arguments=tuple(rest),
        **{name.replace("-", "_"): values[name] for name in _OF_THE_REQUEST if name in values},
    )


def output_folder(path: str) -> str:
    """Return the output as an absolute path, or as the URI of a prefix; ConfigError when it can hold nothing."""
    if is_address(path):
        return str(split_address(path))
    folder = Path(os.path.abspath(path))
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--output {path} is a file; name a folder")
    nearest = next(p for p in (folder, *folder.parents) if p.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise ConfigError(
            f"--output {path}: {nearest} cannot be written to; name another folder or change its permissions"
        )
    return str(folder)


def check_backend(backend: Backend) -> None:
    """Refuse to go on without a device where one is required: this version encodes on the CPU."""
    if backend is Backend.REQUIRE_DEVICE:
        raise ConfigError(
            "--backend require-device: this version encodes on the CPU only; take auto, cpu or prefer-device"
        )


def check_beam_knows(arguments: Sequence[str], parser: CommandParser) -> None:
    """Raise ConfigError, with the nearest option, when there is one that neither `parser` nor Beam knows."""
    if not arguments:
        return
    first = arguments[0]
    if not first.startswith("-"):
        raise ConfigError(f"{first!r} belongs to no option: slides are given with --input {first}")
    beam = beam_parser()
    known, unknown = beam.parse_known_args(list(arguments))
    if known.runner is not None:
        from pipeline.engines.choice import named_engine

        named_engine(known.runner)
        beam = beam_parser()  # an engine brings options of its own
        known, unknown = beam.parse_known_args(list(arguments))
    for argument in unknown:
        flag = argument.partition("=")[0]
        if not flag.startswith("-"):
            raise ConfigError(f"{argument!r} belongs to no option: slides are given with --input {argument}")
        near = _nearest(flag, parser.option_strings()) or _nearest(flag, beam.option_strings())
        hint = f"did you mean {near}?" if near else "--help lists the options"
        raise ConfigError(f"neither slidebeam nor Beam has an option {flag}; {hint}")


def _nearest(flag: str, flags: Sequence[str]) -> str | None:
    spelt = flag.lower().replace("_", "-")
    spellings = {known.replace("_", "-"): known for known in flags}
    near = difflib.get_close_matches(spelt, spellings, n=1, cutoff=0.7)
    return spellings[near[0]] if near else None


def beam_parser() -> CommandParser:
    """Return a parser of Beam's own options, and of those of engines that were named."""
    from pipeline.beam_import import import_beam

    import_beam()
    from apache_beam.options.pipeline_options import PipelineOptions

    parser = CommandParser(add_help=False)
    for view in _latest_by_name(PipelineOptions.__subclasses__()):
        view._add_argparse_args(parser)
    return parser


def _latest_by_name(views: Sequence[Any]) -> Iterator[Any]:
    """Yield each class once: Beam takes the last of a name, because a main session may define one again."""
    yield from {str(view): view for view in views}.values()


class _PrintSampleMetadata(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(
            option_strings,
            argparse.SUPPRESS,
            nargs="?",
            const=Sample.JSON.value,
            default=argparse.SUPPRESS,
            choices=list(Sample),
            help=help,
        )

    def __call__(self, parser: argparse.ArgumentParser, namespace: object, kind: object, *_: object) -> None:
        print(sample_metadata(Sample(str(kind))), end="")
        parser.exit()
