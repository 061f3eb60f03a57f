"""Which files a series should have.

Where the output has a state record of the slide, it names them. A folder alone tells of a file that is gone only by
the Instance Numbers, which run from 1 without a gap; the last one may be gone unseen.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.io.verification.header import InstanceHeader
from pipeline.model.errors import StorageError
from pipeline.model.state import InstanceRecord, StateRecord

_ADVICE = "convert the slide again with --force"
_MOST_GAPS = 100
"""Numbers that are told at most: a damaged Instance Number may be anything."""


def find_record(series: Path) -> StateRecord | None:
    """Read the state record of a published folder from the output around it; None where there is none.

    A slide's id may have slashes, so that the output may be any of the folders above. Raises StorageError for a record
    that is damaged.
    """
    folder = series.resolve()
    for output in folder.parents:
        slide_id = folder.relative_to(output).as_posix()
        record = output / "_state" / f"{slide_id}.json"
        if record.is_file():
            try:
                text = record.read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise StorageError(f"the state record {record} cannot be read: {error}", uri=str(record)) from error
            return StateRecord.from_json(text, slide_id)
    return None


def compare_with_record(series: Path, headers: Iterable[InstanceHeader], record: StateRecord) -> list[str]:
    """Say which files are not those that the record names: missing, of another size or instance, or added."""
    uids = {header.file.name: header.sop_instance_uid for header in headers}
    problems = [
        f"{series / instance.file} {fault}; {_ADVICE}"
        for instance in record.instances
        if (fault := _fault(series / instance.file, uids.get(instance.file), instance))
    ]
    added = sorted({path.name for path in series.iterdir()} - record.sizes.keys())
    return problems + [f"{series / name} is none of the files that were written; remove it" for name in added]


def _fault(file: Path, uid: str | None, instance: InstanceRecord) -> str:
    """Say what is wrong with a file; nothing of the UID where its header could not be read, which is told elsewhere."""
    if not file.is_file():
        return "was written and is missing"
    size = file.stat().st_size
    if size != instance.bytes:
        return f"has {size:,} bytes, {instance.bytes:,} were written"
    if uid is not None and uid != instance.sop_instance_uid:
        return f"is instance {uid}, {instance.sop_instance_uid} was written"
    return ""


def missing_parts(headers: Iterable[InstanceHeader]) -> list[str]:
    """Say which parts of concatenations are gone, or there twice: each names the number of all."""
    concatenations = dict[str, list[InstanceHeader]]()
    for header in headers:
        if header.part is not None:
            concatenations.setdefault(header.concatenation, []).append(header)
    problems = []
    for parts in concatenations.values():
        numbers, total = [part.part[0] for part in parts if part.part], max(part.part[1] for part in parts if part.part)
        gone = sorted(set(range(1, total + 1)) - set(numbers))[:_MOST_GAPS]
        doubled = sorted({number for number in numbers if numbers.count(number) > 1})
        name = f"{parts[0].file} and the other parts of its concatenation"
        problems += [f"{name}: part {number} of {total} is missing; {_ADVICE}" for number in gone]
        problems += [f"{name}: part {number} is there more than once; remove one" for number in doubled]
    return problems


def missing_numbers(series: Path, headers: Sequence[InstanceHeader]) -> list[str]:
    """Say which instances are gone, by the gaps in the Instance Numbers."""
    numbers = {header.number for header in headers if header.number is not None}
    last = max(numbers, default=0)
    return [
        f"{series} has no readable file of instance {number}, of {last} or more that were written; {_ADVICE}"
        for number in range(1, min(last, len(numbers) + _MOST_GAPS))
        if number not in numbers
    ]
