"""Files of rates and of prices, for the estimates of a plan: data of the folder `estimates`, or a site's own.

A file of rates may hold only some of them; the others are the shipped ones. A file of prices holds all, since the
shipped ones are examples and no prices.
"""

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from pipeline.configs.values import number, text
from pipeline.model.errors import ConfigError
from pipeline.model.rates import Prices, Rates

_FOLDER = Path(__file__).parent / "estimates"
SHIPPED_RATES = _FOLDER / "rates.yaml"
_SHIPPED = "the shipped rates.yaml"
EXAMPLE_PRICES = _FOLDER / "prices.example.yaml"


def load_rates(path: str = "") -> Rates:
    """Return the rates of a file, filled up with the shipped ones, or those alone; raises ConfigError."""
    values = _read(str(SHIPPED_RATES), "rates")
    if path:
        for name, value in _read(path, "rates").items():
            values[name] = {**values.get(name, {}), **value} if isinstance(value, dict) else value
    named = path or _SHIPPED
    given = _numbers(Rates, values, named, "rates")
    _check_above_zero(given, named)
    return Rates(**given)


def load_prices(path: str) -> Prices:
    """Return the prices of a file; raises ConfigError, also for one that leaves a price out."""
    values = _read(path, "prices")
    needed = [f.name for f in dataclasses.fields(Prices) if f.default is dataclasses.MISSING]
    missing = [name for name in needed if _spelt(name) not in values]
    if missing:
        raise ConfigError(f"--prices {path} has no {', '.join(map(_spelt, missing))}")
    return Prices(**_numbers(Prices, values, path, "prices"))


def _read(path: str, option: str) -> dict[str, Any]:
    try:
        values = yaml.safe_load(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--{option} {path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"--{option} {path} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"--{option} {path}: {option} are lines of `name: number`")
    return values


def _numbers(kind: type[Rates] | type[Prices], values: Mapping[str, Any], path: str, option: str) -> dict[str, Any]:
    fields = {_spelt(field.name): field for field in dataclasses.fields(kind)}
    taken: dict[str, Any] = {}
    for name, value in values.items():
        field = fields.get(str(name))
        if field is None:
            near = difflib.get_close_matches(str(name), fields, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(fields)}"
            raise ConfigError(f"--{option} {path}: there is no {option[:-1]} {name!r}{hint}")
        try:
            taken[field.name] = _parser(field.type)(value)
        except ValueError as error:
            raise ConfigError(f"--{option} {path}: {name} {error}") from error
    return {"source": path, **taken}


def _parser(kind: Any) -> Callable[[Any], Any]:
    if kind is str:
        return text
    if kind is float:
        return _amount
    return _by_number if kind == Mapping[float, float] else _by_name


def _amount(value: Any) -> float:
    amount = number(value)
    if amount < 0:
        raise ValueError(f"takes a number that is not negative, not {amount:g}")
    return amount


def _by_name(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        raise ValueError("takes lines of `name: number`")
    return {str(name): _amount(amount) for name, amount in value.items()}


def _by_number(value: Any) -> dict[float, float]:
    return {number(name): amount for name, amount in _by_name(value).items()}


def _check_above_zero(rates: Mapping[str, Any], path: str) -> None:
    """Raise ConfigError for a rate that something is divided by and that is 0."""
    for name, value in rates.items():
        amounts = value if isinstance(value, dict) else {"": value}
        zero = next((key for key, amount in amounts.items() if amount == 0), None)
        if zero is not None and not name.endswith("_seconds"):
            raise ConfigError(f"--rates {path}: {_spelt(name)}{f' of {zero}' if zero else ''} is 0")


def _spelt(name: str) -> str:
    return name.replace("_", "-")
