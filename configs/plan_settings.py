"""Settings of the dry run; a part of the table in `settings`."""

from typing import Any

from pipeline.configs.setting import Setting
from pipeline.configs.values import integer, switch, text

_PLAN = "dry run"


def _cores(value: Any) -> int:
    """Take a number of cores, 1 or more."""
    cores = integer(value)
    if cores < 1:
        raise ValueError(f"takes a number of cores from 1, not {cores}")
    return cores


PLAN_SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="plan",
        parse=switch,
        group=_PLAN,
        help="convert nothing: say for each slide what would become of it, how large that would be, how long it would "
        "take and what stands in the way; only headers are read, only the plan is written, to _reports/",
    ),
    Setting(
        name="rates",
        parse=text,
        group=_PLAN,
        metavar="FILE",
        help="YAML with rates of the machines that will convert, as `python -m bench.rates` measures them (default: "
        "those that were measured when this version was made)",
    ),
    Setting(
        name="prices",
        parse=text,
        group=_PLAN,
        metavar="FILE",
        help="YAML with what cores, storage and requests cost, for an estimate of the cost (default: none is made)",
    ),
    Setting(
        name="plan-cores",
        parse=_cores,
        group=_PLAN,
        metavar="N",
        help="cores that will convert, of all machines together, for the estimate of the time (default: those of this "
        "machine)",
    ),
)
