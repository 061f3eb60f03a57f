"""YAML files of settings: `transfer-syntax: htj2k-lossless`, a key for every flag.

Checked whole: an unknown key is an error that suggests the nearest, and every error names file and line. A bare name
is one of the presets that ship with the package.
"""

import difflib
from pathlib import Path
from typing import Any

import yaml

from pipeline.configs.settings import SETTINGS_BY_NAME
from pipeline.model.errors import ConfigError

_PRESETS = Path(__file__).parent


def preset_names() -> list[str]:
    """Return the names of the packaged presets; what lies beside them with a dot in its name is an example."""
    return sorted(path.stem for path in _PRESETS.glob("*.yaml") if "." not in path.stem)


def load_config(path: str) -> dict[str, Any]:
    """Return the settings of a YAML file, or of a preset where `path` is its bare name, each as its setting holds it.

    Raises ConfigError with file and line.
    """
    file = _find(path)
    try:
        root = yaml.compose(file.read_text("utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read as a configuration: {error}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{file}:{line}: this is no YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: this is no YAML: {' '.join(str(error).split())}") from error
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError(f"{file}:{root.start_mark.line + 1}: settings are lines of `name: value`")
    values: dict[str, Any] = {}
    for key, value in root.value:
        place = f"{file}:{key.start_mark.line + 1}"
        name = str(key.value)
        if name in values:
            raise ConfigError(f"{place}: {name} is given twice")
        values[name] = _value(place, name, value)
    return values


def _find(path: str) -> Path:
    file = Path(path)
    if file.is_file():
        return file
    if path in preset_names():
        return _PRESETS / f"{path}.yaml"
    raise ConfigError(f"--config {path}: there is no such file, and the presets are {', '.join(preset_names())}")


def _value(place: str, name: str, node: yaml.Node) -> Any:
    setting = SETTINGS_BY_NAME.get(name)
    if setting is None:
        spelt = name.lstrip("-").replace("_", "-").lower()
        near = difflib.get_close_matches(spelt, SETTINGS_BY_NAME, n=1)
        hint = f"; did you mean {near[0]}?" if near else "; the names are those of `slidebeam convert --help`"
        raise ConfigError(f"{place}: there is no setting {name!r}{hint}")
    loader = yaml.SafeLoader("")
    try:
        return setting.parse(loader.construct_object(node, deep=True))
    except yaml.YAMLError as error:
        raise ConfigError(f"{place}: {name}: {' '.join(str(error).split())}") from error
    except ValueError as error:
        raise ConfigError(f"{place}: {name} {error}") from error
    finally:
        loader.dispose()
