"""Whether all parts of a concatenation are there (PS3.3 C.7.6.16.2.2.4)."""

from collections.abc import Iterable, Sequence

from pipeline.io.sources.dicom.instance import Instance
from pipeline.model.errors import SourceError


def concatenation_uid(instance: Instance) -> str:
    """Return the Concatenation UID of a part; empty of a whole instance."""
    return str(instance.header.get("ConcatenationUID", ""))


def check_concatenations(instances: Iterable[Instance], uri: str) -> None:
    """Raise SourceError unless the parts of each concatenation follow each other from the first to the last."""
    parts: dict[str, list[Instance]] = {}
    for instance in instances:
        parts.setdefault(concatenation_uid(instance), []).append(instance)
    for uid, together in parts.items():
        if uid:
            _check(together, uri)


def _check(parts: Sequence[Instance], uri: str) -> None:
    expected = 0
    for part in sorted(parts, key=lambda part: part.first_frame):
        if part.first_frame != expected:
            raise SourceError(
                f"{part.name} begins with frame {part.first_frame} of its concatenation, and the parts before it end "
                f"with frame {expected - 1}: a part is missing, or is here twice",
                uri=uri,
            )
        expected += part.frames
    total = int(parts[0].header.get("InConcatenationTotalNumber") or len(parts))
    is_full = parts[0].header.get("DimensionOrganizationType") == "TILED_FULL"
    if total != len(parts) or (is_full and expected % parts[0].grid.frames):
        raise SourceError(
            f"{parts[-1].name}: {len(parts)} parts of its concatenation are here, with {expected} frames, not all",
            uri=uri,
        )
