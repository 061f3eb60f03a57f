"""What was done with the tissue before it was scanned: steps of specimen preparation (PS3.16 TID 8001 to 8003).

A step is an action with what the action needs: a procedure, a substance, or nothing. The names of the actions and of
their parts are those of wsidicom's metadata JSON.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from pipeline.model.metadata_codes import checked_code, checked_codes, is_left_out, unknown_key
from pipeline.model.metadata_types import Code
from pipeline.model.metadata_values import checked


class PreparationAction(StrEnum):
    """What was done; how it is coded as processing type (CID 8111) is the writer's."""

    COLLECTION = "collection"
    RECEIVING = "receiving"
    SAMPLING = "sampling"
    FIXATION = "fixation"
    EMBEDDING = "embedding"
    PROCESSING = "processing"
    STORAGE = "storage"
    STAINING = "staining"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationStep:
    """One step. Raises ValueError for a part that its action does not have, and for one that it lacks."""

    action: PreparationAction
    method: Code | None = None
    """Of collection (CID 8109), sampling (CID 8110) and processing (CID 8113)."""
    fixative: Code | None = None
    """CID 8114."""
    medium: Code | None = None
    """Of embedding: CID 8115."""
    substances: tuple[Code, ...] = ()
    """Of staining: CID 8112."""
    parent_identifier: str = ""
    """Of sampling: the specimen that a part was taken from."""
    parent_type: Code | None = None
    """Of sampling: what that is (CID 8103)."""
    specimen_identifier: str = ""
    """The specimen that the step was done to, such as a part or a block; empty: the one on the slide."""
    date_time: str = ""
    """DT."""
    description: str = ""

    def __post_init__(self) -> None:
        needed = _PARTS[self.action]
        for part in ("method", "fixative", "medium", "substances", "parent_identifier", "parent_type"):
            given = bool(getattr(self, part))
            if given and part not in needed:
                raise ValueError(f'is a {self.action} with "{part}", which it does not have')
            if part in needed and not given:
                raise ValueError(f'is a {self.action} without "{part}"')


def checked_steps(value: Any) -> tuple[PreparationStep, ...]:
    """Return steps from a list of JSON objects or of steps; ValueError says what is wrong, and in which step."""
    steps = []
    for number, one in enumerate(value if isinstance(value, list | tuple) else (value,), start=1):
        if isinstance(one, PreparationStep):
            one = {f.name: getattr(one, f.name) for f in fields(one)}
        try:
            steps.append(_step(one))
        except ValueError as error:
            raise ValueError(f"step {number} {error}") from None
    return tuple(steps)


def without_staining(steps: tuple[PreparationStep, ...]) -> tuple[PreparationStep, ...]:
    """Return the steps but for stainings."""
    return tuple(step for step in steps if step.action is not PreparationAction.STAINING)


def _step(given: Any) -> PreparationStep:
    if not isinstance(given, dict):
        raise ValueError("must be an object with action and what it was done with")
    for key in given:
        if key not in _CHECKS:
            raise ValueError(f"has an {unknown_key(key, _CHECKS)}")
    values = {}
    for key, part in given.items():
        if is_left_out(part):
            continue
        try:
            values[key] = _CHECKS[key](part)
        except ValueError as error:
            raise ValueError(f'has "{key}", which {error}') from None
    if "action" not in values:
        raise ValueError(f"lacks action: one of {', '.join(PreparationAction)}")
    return PreparationStep(**values)


def _action(value: Any) -> PreparationAction:
    if value not in list(PreparationAction):
        raise ValueError(f"is {value!r}; it is one of {', '.join(PreparationAction)}")
    return PreparationAction(value)


def _text(vr: str) -> Any:
    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"must be a string, not {value!r}")
        return checked(vr, value)

    return check


_PARTS: dict[PreparationAction, tuple[str, ...]] = {
    PreparationAction.COLLECTION: ("method",),
    PreparationAction.RECEIVING: (),
    PreparationAction.SAMPLING: ("method", "parent_identifier", "parent_type"),
    PreparationAction.FIXATION: ("fixative",),
    PreparationAction.EMBEDDING: ("medium",),
    PreparationAction.PROCESSING: ("method",),
    PreparationAction.STORAGE: (),
    PreparationAction.STAINING: ("substances",),
}
"""What an action needs, and all that it may have beside specimen, time and description."""
_CHECKS: dict[str, Any] = {
    "action": _action,
    "method": checked_code,
    "fixative": checked_code,
    "medium": checked_code,
    "substances": checked_codes,
    "parent_identifier": _text("LO"),
    "parent_type": checked_code,
    "specimen_identifier": _text("LO"),
    "date_time": _text("DT"),
    "description": _text("UT"),
}
