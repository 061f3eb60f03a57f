"""The settings as parameters of a Dataflow Flex Template.

`python -m pipeline.configs.flex_template` prints the template's metadata file, so that flags and parameters cannot
drift apart. A parameter has underscores where the flag has dashes. A launcher has no files of whoever runs the template
and no terminal, and takes one graph: settings that need those are no parameters. Metadata of slides come with a
manifest as `input`.
"""

import json
import re
from typing import Any

from pipeline.configs.setting import Setting
from pipeline.configs.settings import SETTINGS

NOT_IN_A_TEMPLATE = {
    "names a file of the caller's": ("metadata", "fhir-anchor", "dataset", "deidentify-key", "deidentify-crosswalk"),
    "is for a process that stays": ("watch", "watch-interval", "subscription", "completion-timeout"),
    "is for several graphs": ("wave-gb", "wave-slides"),
    "plans, and starts no job": ("plan", "rates", "prices", "plan-cores"),
    "is for a terminal": ("json", "verbose", "quiet"),
}
"""Settings that are no parameters, by reason."""
REQUIRED = ("input", "output")
IMAGE = "sdk_container_image"
"""Beam's option that names the workers' image; a template must be told its own."""
_SHAPES = {
    "integer": r"^[0-9]+$",
    "seconds": r"^[0-9]+(\.[0-9]+)?$",
    "number": r"^[0-9]+(\.[0-9]+)?$",
    "megabytes": r"^[0-9]+(\.[0-9]+)?$",
    "levels": r"^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$",
    "spacings": r"^[0-9.]+(,[0-9.]+)*$",
    "spacing": r"^[0-9.]+,[0-9.]+$",
    "background": r"^[0-9A-Fa-f]{6}$|^[0-9]+$",
}
"""What a value looks like, by the function that reads it."""
_OBJECT = r"^(gs|s3)://[^/]+/.+$"
_SHAPE_OF = {
    "input": _OBJECT,
    "manifest": _OBJECT,
    "mapping": _OBJECT,
    "output": r"^(gs|s3)://[^/]+(/.*)?$",
    "icc": r"^(source-or-srgb|require-source|omit)$",
}
_OBJECTS = {
    "input": "addresses gs:// or s3:// of a slide or of a manifest (CSV, JSON lines, Parquet), or a glob with **",
    "output": "gs://BUCKET/PREFIX or s3://BUCKET/PREFIX that receives a folder of DICOM files a slide, _reports/ and "
    "_state/",
}
"""Help of what can only be an object here."""


def template_settings() -> tuple[Setting, ...]:
    """Return the settings that are parameters."""
    left_out = {name for names in NOT_IN_A_TEMPLATE.values() for name in names}
    return tuple(setting for setting in SETTINGS if setting.name not in left_out)


def parameter_name(setting: Setting) -> str:
    """Return a setting's name in a template."""
    return setting.name.replace("-", "_")


def template_metadata() -> dict[str, Any]:
    """Return what the template's metadata file says."""
    image = {
        "name": IMAGE,
        "label": "Image of the workers",
        "helpText": "address of the image that this template was built from (default: none; workers need slidebeam)",
        "regexes": [r"^[^/ ]+/[^ ]+$"],
    }
    return {
        "name": "slidebeam",
        "description": "Whole-slide images to DICOM VL Whole Slide Microscopy.",
        "parameters": [*(_parameter(setting) for setting in template_settings()), image],
    }


def _parameter(setting: Setting) -> dict[str, Any]:
    shape = _shape(setting)
    return {
        "name": parameter_name(setting),
        "label": setting.name.replace("-", " ").capitalize(),
        "helpText": _OBJECTS.get(setting.name, setting.help),
        **({} if setting.name in REQUIRED else {"isOptional": True}),
        **({"regexes": [shape]} if shape else {}),
    }


def _shape(setting: Setting) -> str:
    if setting.name in _SHAPE_OF:
        return _SHAPE_OF[setting.name]
    if not setting.metavar:
        return "^(true|false)$"
    if setting.metavar.startswith("{"):
        return "^(" + "|".join(re.escape(name) for name in setting.metavar.strip("{}").split(",")) + ")$"
    return _SHAPES.get(setting.parse.__name__, "")


if __name__ == "__main__":
    print(json.dumps(template_metadata(), indent=2))
