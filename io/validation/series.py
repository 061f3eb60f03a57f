"""The instances of one series, as the rules about several files see them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pipeline.io.validation.attributes import integer, text
from pipeline.io.validation.instance import Instance
from pipeline.model.errors import SourceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Instances with one Series Instance UID."""

    uid: str
    instances: tuple[Instance, ...]

    @property
    def pyramid(self) -> tuple[Instance, ...]:
        """Instances of VOLUME, a concatenation by its first part, largest matrix first."""
        levels: dict[str, Instance] = {}
        for number, instance in enumerate(self.instances):
            if instance.kind == "VOLUME":
                part = text(instance.header, "ConcatenationUID") or str(number)
                kept = levels.setdefault(part, instance)
                if _part(instance) < _part(kept):
                    levels[part] = instance
        return tuple(sorted(levels.values(), key=matrix, reverse=True))

    @property
    def spatial(self) -> tuple[Instance, ...]:
        """Instances of VOLUME and THUMBNAIL: those that show the specimen in place."""
        return tuple(instance for instance in self.instances if instance.kind in ("VOLUME", "THUMBNAIL"))


def matrix(instance: Instance) -> tuple[int, int]:
    """Return Total Pixel Matrix Columns and Rows, 0 where absent."""
    header = instance.header
    return integer(header, "TotalPixelMatrixColumns") or 0, integer(header, "TotalPixelMatrixRows") or 0


def group_by_series(instances: Iterable[Instance]) -> list[Series]:
    """Sort instances into series, in the order in which they are given."""
    groups: dict[str, list[Instance]] = {}
    for instance in instances:
        try:
            uid = text(instance.header, "SeriesInstanceUID")
        except SourceError:
            # Rules of the instance tell that it is unreadable; here it belongs to nothing.
            continue
        groups.setdefault(uid, []).append(instance)
    return [Series(uid=uid, instances=tuple(members)) for uid, members in groups.items()]


def differing(instances: Iterable[Instance], value: Callable[[Instance], str]) -> list[tuple[Instance, str, str]]:
    """Return (instance, its value, the value of most) of those that differ from most; empty values count."""
    found = [(instance, value(instance)) for instance in instances]
    counts: dict[str, int] = {}
    for _, one in found:
        counts[one] = counts.get(one, 0) + 1
    if len(counts) < 2:
        return []
    usual = max(counts, key=lambda one: counts[one])
    return [(instance, one, usual) for instance, one in found if one != usual]


def _part(instance: Instance) -> int:
    return integer(instance.header, "InConcatenationNumber") or 0
