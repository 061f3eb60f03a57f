"""The state record of a slide: what makes a stop at any moment harmless.

An *intent* record is written when the series stands complete in the staging area and before it is published, a *done*
record after. Whoever finds an intent can finish it; whoever finds a matching done record has nothing to do.
"""

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import TypeVar

from pipeline.model.errors import StorageError
from pipeline.model.keys import SlideInput
from pipeline.model.plan import SlidePlan
from pipeline.model.uids import WRITER_VERSION


class Stage(StrEnum):
    """How far a slide has come."""

    INTENT = "intent"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRecord:
    """One written file."""

    file: str
    instance: str
    """Name of the instance that it is, or is a part of."""
    bytes: int
    frames: int
    sop_instance_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRecord:
    """What is known of a slide that was, or is about to be, published."""

    stage: Stage
    slide_id: str
    uri: str
    job: str
    """Under whose staging folder the series was assembled."""
    overwrite: bool
    """The job was asked to replace what stood in the series' place."""
    fingerprint: str
    config_digest: str
    series_instance_uid: str
    instances: tuple[InstanceRecord, ...]
    study_instance_uid: str = ""
    format: str = ""
    source_stamp: str = ""
    """`SlideInput.stamp` of the source that was converted; empty: not known, or not to be told."""
    writer_version: str = ""
    """`WRITER_VERSION` of the writer."""

    def matches(self, plan: SlidePlan) -> bool:
        """Whether the record is of the same slide content and the same options."""
        return (self.fingerprint, self.config_digest, self.series_instance_uid) == (
            plan.fingerprint,
            plan.config_digest,
            plan.series_instance_uid,
        )

    def is_of_same_series(self, other: "StateRecord") -> bool:
        """Whether two jobs wrote the same, to the file: of one content and one set of options."""
        return (self.fingerprint, self.config_digest, self.series_instance_uid, self.instances) == (
            other.fingerprint,
            other.config_digest,
            other.series_instance_uid,
            other.instances,
        )

    def is_done_for(self, slide: SlideInput, config_digest: str) -> bool:
        """Whether the source, by its stamp, was converted with these options to its end: nobody need open it."""
        return (
            self.stage is Stage.DONE
            and bool(slide.stamp)
            and (self.source_stamp, self.config_digest, self.writer_version)
            == (slide.stamp, config_digest, WRITER_VERSION)
        )

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each file that the series consists of."""
        return {instance.file: instance.bytes for instance in self.instances}

    def to_json(self) -> str:
        """Text of the record."""
        return json.dumps({"schema": "slidebeam-state-1", **asdict(self)}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> "StateRecord":
        """Read a record. Raises StorageError for one that is damaged, naming the file to remove."""
        try:
            values = json.loads(text)
            if values.pop("schema") != "slidebeam-state-1":
                raise ValueError("it is of another version")
            instances = tuple(_typed(InstanceRecord(**instance)) for instance in values.pop("instances"))
            return _typed(cls(**{**values, "stage": Stage(values["stage"]), "instances": instances}))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _damaged(where, error) from error


Record = TypeVar("Record", InstanceRecord, StateRecord)
_KINDS: dict[type, str] = {str: "text", int: "whole number", bool: "true or false"}
"""Names that JSON has for types of plain values."""


def record_text(data: bytes, where: str) -> str:
    """Return the text that a record's bytes are. Raises StorageError for one that is damaged, as `from_json` does."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _damaged(where, error) from error


def _typed(record: Record) -> Record:
    """Return a record whose plain values are of the types that their fields say. Raises TypeError."""
    for field in fields(record):
        for kind, name in _KINDS.items():
            if field.type is kind and type(getattr(record, field.name)) is not kind:
                raise TypeError(f"{field.name} is no {name}")
    return record


def _damaged(where: str, error: Exception) -> StorageError:
    return StorageError(
        f"the state record of {where} is damaged ({error}); remove it from _state to convert the slide anew"
    )
