"""Series, reports and state under a prefix of a bucket. Which bucket it is, only `Bucket` knows.

    PREFIX/<slide id>/*.dcm                           the published series
    PREFIX/_state/<slide id>.json                     its state record
    PREFIX/_reports/                                  as on a disk
    PREFIX/_staging/<job>/<slide id>/parts/           a part a run, with the size and a random part in its name
    PREFIX/_staging/<job>/<slide id>/digests/         digest rows a run, named by their place
    PREFIX/_staging/<job>/<slide id>/series/          the series before it is published
    PREFIX/_staging/<job>/_job/                       objects of the job's own

An object appears whole, and one object is all that can be changed in one step: there is no rename of a prefix. So a
series is published when its state record says `done`, and the record is written last. What readers and reruns see:

* Before the intent record nothing stands at the series' place. Between intent and done its objects appear there one
  after the other, each whole. Who lists the place without a look at the record may see some of them.
* Objects are copied to their places, and go from the staging area only behind the done record. So a stop at any moment
  leaves either a staged series, which the next run copies again, or none, and then it is made anew.
* Each copy is made on the condition that its place is as it was when the place was looked at: empty, or of that
  generation. Two jobs cannot mix their files: the later one takes back what it put there and is refused. A copy that
  is there already with the same bytes counts as done, since bundles run twice.
* With overwrite, old objects are replaced one by one, and those that the new series lacks go last. A reader meanwhile
  may meet objects of both; each tells by its Series Instance UID, and the record says `intent`.
* A record is replaced on the condition that it still is the one that was read.

What another job assembled is taken over by name: nothing is moved, so a stop in the middle harms nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from uuid import uuid4

from pipeline.io.storage.bucket import ABSENT, Bucket, ObjectFacts, Piece
from pipeline.io.storage.byte_reader import ByteReader
from pipeline.io.storage.contract import ByteRange
from pipeline.io.storage.object_bytes import ObjectBytes, fetch_object
from pipeline.io.storage.staged import JOB_FILES, TEMPORARY, StagedFile, owner_last, removal_told, slide_of
from pipeline.model.errors import OutputExists, StorageError
from pipeline.model.state import record_text
from pipeline.model.tiles import Buffer

_MOST_REMOVED = 1000
_COMPARED_BYTES = 1 << 16


class ObjectStore:
    """An output prefix, as one job sees it."""

    def __init__(self, bucket: Bucket, prefix: str, job: str) -> None:
        self.job = job
        self._bucket = bucket
        self._root = f"{prefix}/" if prefix else ""
        self._adopted: dict[str, str] = {}
        """Job under whose name a slide is staged, where it is not this one."""

    def prepare(self) -> None:
        """Write an object and remove it again. Raises StorageError when the bucket is not there or not ours."""
        self._bucket.check()
        probe = self._job_file(f"{TEMPORARY}probe")
        self._bucket.write(probe, b"slidebeam")
        self._bucket.remove([probe])

    def stage_run(
        self, slide_id: str, instance: str, first_frame: int, buffers: Sequence[Buffer], offset: int | None
    ) -> ByteRange:
        """Write a run as a part of its own; its place in the finished object, which may be given, is of no use here."""
        data = b"".join(buffers)
        key = f"{self._staging(slide_id)}parts/{instance}-{first_frame:08d}-{uuid4().hex}-{len(data)}.part"
        self._bucket.write(key, data)
        return ByteRange(self._uri(key), 0, len(data))

    def stage_digests(self, slide_id: str, instance: str, offset: int, digests: bytes) -> None:
        """Write digest rows as an object that is named by their place."""
        self._bucket.write(f"{self._staging(slide_id)}digests/{instance}/{offset:016d}", digests)

    def assemble(
        self, slide_id: str, file_name: str, header: bytes, ranges: Sequence[ByteRange], trailer: bytes
    ) -> str:
        """Join header, ranges and trailer inside the store.

        An object that is there already is an earlier attempt's: it is whole, and of the same bytes.
        """
        staging = self._staging(slide_id)
        target = f"{staging}series/{file_name}"
        size = len(header) + sum(part.bytes for part in ranges) + len(trailer)
        there = self._bucket.facts(target)
        if there is None or there.bytes != size:
            pieces: list[Piece | bytes] = [self._piece(part) for part in ranges if part.bytes]
            pieces = [*filter(None, [header]), *pieces, *filter(None, [trailer])]
            self._bucket.join(pieces, target, f"{staging}parts/{uuid4().hex}")
            there = self._bucket.facts(target)
            if there is None or there.bytes != size:
                self._bucket.remove([target])
                raise StorageError(
                    f"{self._uri(target)} was joined to {there.bytes if there else 0} bytes, {size} were expected; "
                    "convert the slide again",
                    uri=self._uri(target),
                )
        return self._uri(target)

    def open(self, uri: str) -> ByteReader:
        """Open an object of this store for reading by position."""
        return ObjectBytes(self._bucket, self._key(uri))

    @contextmanager
    def on_disk(self, uris: Sequence[str]) -> Iterator[list[Path]]:
        """Fetch objects into a folder that is gone afterwards, for programs that read files."""
        with TemporaryDirectory(prefix="slidebeam-") as folder:
            paths = [Path(folder, PurePosixPath(uri).name) for uri in uris]
            for uri, path in zip(uris, paths, strict=True):
                fetch_object(self._bucket, self._key(uri), path)
            yield paths

    def publish(self, slide_id: str, *, overwrite: bool) -> None:
        """Copy the staged series to its place, each object on the condition that its place is as it was."""
        staged, place = self._objects(f"{self._staging(slide_id)}series/"), f"{self._root}{slide_id}/"
        if not staged:
            raise StorageError(f"nothing of {slide_id} is staged in {self._uri(self._staging(slide_id))}")
        present = self._objects(place)
        if present and not overwrite:
            raise self._taken(slide_id)
        made: list[str] = []
        for name, facts in sorted(staged.items()):
            expected = present[name].stamp if name in present else ABSENT
            if not self._bucket.copy(facts, place + name, expected) and not self._is_copy(facts, place + name):
                self._bucket.remove(made)
                raise self._taken(slide_id)
            if name not in present:
                made.append(place + name)
        self._bucket.remove(facts.key for name, facts in present.items() if name not in staged)

    def exists(self, slide_id: str) -> bool:
        """Whether an object lies where the series would be."""
        return any(not facts.key.endswith("/") for facts in self._bucket.listed(f"{self._root}{slide_id}/"))

    def overlapping(self, slide_id: str) -> str | None:
        """Id of a series with a record whose prefix lies around this one's, or inside it."""
        parents = [str(parent) for parent in PurePosixPath(slide_id).parents if parent.name]
        around = next((parent for parent in parents if self._bucket.facts(self._record(parent))), None)
        if around is not None:
            return around
        records = f"{self._root}_state/"
        inside = next(self._bucket.listed(f"{records}{slide_id}/"), None)
        return None if inside is None else inside.key.removeprefix(records).removesuffix(".json")

    def read_published(self, slide_id: str, file_name: str, count: int) -> bytes:
        """First bytes of a published object."""
        return self._bucket.read(f"{self._root}{slide_id}/{file_name}", 0, count)

    def published_sizes(self, slide_id: str) -> dict[str, int]:
        """Names and bytes of the objects at the series' place; of a prefix in it, 0."""
        sizes: dict[str, int] = {}
        for name, facts in sorted(self._objects(f"{self._root}{slide_id}/").items()):
            first, inside, _ = name.partition("/")
            sizes[first] = 0 if inside else facts.bytes
        return sizes

    def staged_sizes(self, slide_id: str, job: str) -> dict[str, int]:
        """Names and bytes of a series that a job assembled."""
        staged = self._objects(f"{self._staging(slide_id, job)}series/")
        return {name: facts.bytes for name, facts in sorted(staged.items())}

    def adopt(self, slide_id: str, job: str) -> None:
        """Take what an interrupted job staged for this job's; nothing is moved."""
        if not self.staged_sizes(slide_id, job):
            raise StorageError(f"nothing of {slide_id} is staged in {self._uri(self._staging(slide_id, job))}")
        self._adopted[slide_id] = job

    def read_record(self, slide_id: str) -> str | None:
        """Text of `_state/<slide id>.json`."""
        return self._read_text(self._record(slide_id))

    def write_record(self, slide_id: str, text: str) -> None:
        """Replace the record, whatever it is."""
        self._bucket.write(self._record(slide_id), text.encode())

    def replace_record(self, slide_id: str, previous: str | None, text: str) -> None:
        """Replace the record on the condition that it is the one that was read."""
        key = self._record(slide_id)
        there = self._bucket.facts(key)
        if (None if there is None else self._read_text(key)) == previous:
            expected = ABSENT if there is None else there.stamp
            if self._bucket.write(key, text.encode(), expected):
                return
        if self._read_text(key) != text:
            raise StorageError(
                f"{self._uri(key)} was written by another job meanwhile; let that one end, then run this one again",
                uri=self._uri(key),
            )

    def staged_digests(self, slide_id: str, job: str, instance: str) -> bytes | None:
        """Digest rows of all runs, joined inside the store and read at once; joined once."""
        staging = self._staging(slide_id, job)
        objects = self._objects(f"{staging}digests/{instance}/")
        pieces = [objects[name] for name in sorted(objects)]
        size = sum(facts.bytes for facts in pieces)
        if not size:
            return None
        if int(pieces[-1].key.rpartition("/")[2]) + pieces[-1].bytes != size:
            raise StorageError(f"{self._uri(staging)}: digests of {instance} are missing; convert the slide again")
        joined = f"{staging}digests/{instance}.xxh3"
        there = self._bucket.facts(joined)
        if there is None or there.bytes != size:
            whole = [Piece(facts.key, 0, facts.bytes, whole=True) for facts in pieces]
            self._bucket.join(whole, joined, f"{staging}parts/{uuid4().hex}")
        return self._bucket.read(joined, 0, size)

    def write_report(self, path: str, data: bytes) -> str:
        """Write `_reports/<path>`."""
        key = f"{self._root}_reports/{path}"
        self._bucket.write(key, data)
        return self._uri(key)

    def read_report(self, path: str) -> bytes:
        """Bytes of `_reports/<path>`."""
        key = f"{self._root}_reports/{path}"
        data = self._bucket.load(key)
        if data is None:
            raise StorageError(f"{self._uri(key)} is not there", uri=self._uri(key))
        return data

    def write_job_file(self, name: str, data: bytes) -> None:
        """Write `_staging/<job>/_job/<name>`."""
        self._bucket.write(self._job_file(name), data)

    def read_job_file(self, name: str, job: str = "") -> bytes:
        """Bytes of `_staging/<job>/_job/<name>`."""
        key = self._job_file(name, job)
        data = self._bucket.load(key)
        if data is None:
            raise StorageError(f"{self._uri(key)} is not there", uri=self._uri(key))
        return data

    def remove_job_file(self, name: str) -> None:
        """Remove `_staging/<job>/_job/<name>`."""
        self._bucket.remove([self._job_file(name)])

    def free_bytes(self) -> None:
        """Return None: a bucket has no end."""

    def clean(self, slide_id: str, job: str = "") -> None:
        """Remove what was staged for the slide under the job's name, and what it took over."""
        self._remove_all(f"{self._root}_staging/{job or self.job}/{slide_id}/")
        if not job and slide_id in self._adopted:
            self._remove_all(f"{self._root}_staging/{self._adopted.pop(slide_id)}/{slide_id}/")

    def clean_job(self) -> None:
        """Remove all that this job staged, its owner last."""
        with removal_told(self.job):
            self.remove_staged(self.job, self.staged_files(self.job))

    def staged_jobs(self) -> list[str]:
        """Names that follow `_staging/`, up to the next slash."""
        return self._bucket.folders(f"{self._root}_staging/")

    def staged_files(self, job: str) -> list[StagedFile]:
        """All objects below `_staging/<job>/`."""
        objects = self._bucket.listed(self._job_prefix(job))
        named = ((facts.key.removeprefix(self._job_prefix(job)), facts) for facts in objects)
        return [StagedFile(slide_of(name), name, facts.bytes, facts.changed) for name, facts in named]

    def remove_staged(self, job: str, files: Iterable[StagedFile]) -> None:
        """Remove objects, up to a thousand a request, and give up uploads below the job's prefix."""
        keys = [f"{self._job_prefix(job)}{file.name}" for file in owner_last(files)]
        self._bucket.abandon_uploads(self._job_prefix(job))
        self._bucket.remove(keys[:-1])
        self._bucket.remove(keys[-1:])

    def abandon_uploads(self, idle_seconds: float) -> int:
        """Give up uploads below the prefix, whoever began them."""
        return self._bucket.abandon_uploads(self._root, self.clock() - idle_seconds)

    def clock(self) -> float:
        """Time of an object that is written and removed again."""
        key = self._job_file(f"{TEMPORARY}clock-{uuid4().hex}")
        self._bucket.write(key, b"slidebeam")
        facts = self._bucket.facts(key)
        self._bucket.remove([key])
        if facts is None:
            raise StorageError(f"{self._uri(key)} was removed by somebody else; try again", uri=self._uri(key))
        return facts.changed

    def _remove_all(self, prefix: str) -> None:
        keys = (facts.key for facts in self._bucket.listed(prefix))
        while batch := list(islice(keys, _MOST_REMOVED)):
            self._bucket.remove(batch)

    def _is_copy(self, staged: ObjectFacts, key: str) -> bool:
        """Whether the same bytes stand there: another attempt at the same bundle put them there."""
        there = self._bucket.facts(key)
        if there is None or there.bytes != staged.bytes:
            return False
        if there.digest and staged.digest:
            return there.digest == staged.digest
        return all(
            self._bucket.read(staged.key, at, _COMPARED_BYTES) == self._bucket.read(key, at, _COMPARED_BYTES)
            for at in (0, max(0, staged.bytes - _COMPARED_BYTES))
        )

    def _piece(self, part: ByteRange) -> Piece:
        """Return a range of a part; the part's name says how long it is."""
        size = int(part.uri.rpartition("-")[2].removesuffix(".part") or 0) if part.uri.endswith(".part") else 0
        if part.offset + part.bytes > size:
            raise StorageError(f"{part.uri} has no {part.bytes} bytes at {part.offset}", uri=part.uri)
        return Piece(self._key(part.uri), part.offset, part.bytes, whole=part.bytes == size)

    def _objects(self, prefix: str) -> dict[str, ObjectFacts]:
        """Return objects by their names below a prefix; not those that consoles make to show a folder."""
        return {
            facts.key.removeprefix(prefix): facts
            for facts in self._bucket.listed(prefix)
            if not facts.key.endswith("/")
        }

    def _read_text(self, key: str) -> str | None:
        data = self._bucket.load(key)
        return None if data is None else record_text(data, self._uri(key))

    def _taken(self, slide_id: str) -> OutputExists:
        place = self._uri(f"{self._root}{slide_id}")
        return OutputExists(f"{place} exists; --overwrite replaces it", uri=place)

    def _staging(self, slide_id: str, job: str = "") -> str:
        job = job or self.job
        return f"{self._root}_staging/{self._adopted.get(slide_id, job) if job == self.job else job}/{slide_id}/"

    def _job_file(self, name: str, job: str = "") -> str:
        return f"{self._job_prefix(job or self.job)}{JOB_FILES}/{name}"

    def _job_prefix(self, job: str) -> str:
        return f"{self._root}_staging/{job}/"

    def _record(self, slide_id: str) -> str:
        return f"{self._root}_state/{slide_id}.json"

    def _uri(self, key: str) -> str:
        return f"{self._bucket.uri}/{key}"

    def _key(self, uri: str) -> str:
        return uri.removeprefix(f"{self._bucket.uri}/")
