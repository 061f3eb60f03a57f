"""A client over a local folder or an object store: what `find_slides` and `Slide` ask of a DICOMweb server.

It follows the DICOMClient protocol of dicomweb-client, and reads: an index of the headers once, the header of an
instance when its metadata are asked for, and frames by position. No pixel data is scanned and no database written.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag

from pipeline.io.reader.concatenation import Part
from pipeline.io.reader.folder_index import INSTANCE, SERIES, STUDY, Entry, read_folder
from pipeline.io.reader.frame_files import FrameFiles
from pipeline.io.reader.reading_client import ReadingClient
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.storage.address import is_address
from pipeline.model.errors import ConfigError, SlidebeamError, SourceError

_BULK_BYTES = 1 << 20
"""A binary value that is longer is referred to in metadata, and not in them. ICC profiles mostly are in them."""
_BULK = "#value="
_MODALITIES = "ModalitiesInStudy"
_TAG_DIGITS, _HEX = 8, set("0123456789ABCDEFabcdef")
_PIXELS_GROUP = 0x7FE0
"""Offset tables belong to it, too."""


class FolderClient(ReadingClient):
    """DICOM files of a folder with its sub-folders, or objects below `gs://` and `s3://` addresses.

    The folder is looked at on the first request, and not again: make another client to see what is new. It can be
    pickled, and used by many threads at once.
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Take a path or an address, also of a single file. Nothing is read yet."""
        where = os.fspath(location)
        self.location = where if is_address(where) else os.path.abspath(where)
        super().__init__(self.location if is_address(where) else Path(self.location).as_uri())
        self._entries: dict[tuple[str, str, str], Entry] | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()

    def instance_uri(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> str:
        """Return the path or URI of an instance. Raises SourceError where there is none."""
        entry = self._index().get((study_instance_uid, series_instance_uid, sop_instance_uid))
        if entry is None:
            raise SourceError(
                f"{self.location} has no instance {sop_instance_uid} in series {series_instance_uid} of study "
                f"{study_instance_uid}",
                uri=self.location,
            )
        return entry.uri

    def search_for_studies(
        self,
        fuzzymatching: bool | None = None,
        limit: int | None = None,
        offset: int | None = None,
        fields: Sequence[str] | None = None,
        search_filters: Mapping[str, Any] | None = None,
        get_remaining: bool = False,
    ) -> list[dict[str, dict[str, Any]]]:
        """Return the studies that match; with `get_remaining` also those beyond the limit.

        Filters are keywords or tags with a value that is equal, or has the wildcards * and ?; ConfigError for others
        than are searched. All attributes of the index are returned, whatever `fields` asks for.
        """
        studies: dict[str, list[Entry]] = {}
        for entry in self._index().values():
            studies.setdefault(str(entry.facts.StudyInstanceUID), []).append(entry)
        found = []
        for entries in studies.values():
            study = _chosen(entries[0].facts, STUDY)
            study.ModalitiesInStudy = sorted({str(entry.facts.get("Modality", "")) for entry in entries} - {""})
            study.NumberOfStudyRelatedSeries = len({entry.key[1] for entry in entries})
            study.NumberOfStudyRelatedInstances = len(entries)
            found.append(study)
        return _answer(found, (*STUDY, _MODALITIES), search_filters, limit, offset, get_remaining)

    def search_for_series(
        self,
        study_instance_uid: str | None = None,
        fuzzymatching: bool | None = None,
        limit: int | None = None,
        offset: int | None = None,
        fields: Sequence[str] | None = None,
        search_filters: Mapping[str, Any] | None = None,
        get_remaining: bool = False,
    ) -> list[dict[str, dict[str, Any]]]:
        """Return the series that match, as `search_for_studies` does."""
        series: dict[tuple[str, str], list[Entry]] = {}
        for entry in self._entries_of(study_instance_uid):
            series.setdefault(entry.key[:2], []).append(entry)
        found = []
        for entries in series.values():
            one = _chosen(entries[0].facts, (*STUDY, *SERIES))
            one.NumberOfSeriesRelatedInstances = len(entries)
            found.append(one)
        return _answer(found, (*STUDY, *SERIES), search_filters, limit, offset, get_remaining)

    def search_for_instances(
        self,
        study_instance_uid: str | None = None,
        series_instance_uid: str | None = None,
        fuzzymatching: bool | None = None,
        limit: int | None = None,
        offset: int | None = None,
        fields: Sequence[str] | None = None,
        search_filters: Mapping[str, Any] | None = None,
        get_remaining: bool = False,
    ) -> list[dict[str, dict[str, Any]]]:
        """Return the instances that match, as `search_for_studies` does."""
        found = [entry.facts for entry in self._entries_of(study_instance_uid, series_instance_uid)]
        return _answer(found, (*STUDY, *SERIES, *INSTANCE), search_filters, limit, offset, get_remaining)

    def retrieve_instance_metadata(
        self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str
    ) -> dict[str, dict[str, Any]]:
        """Return the header as DICOM JSON (PS3.18 annex F), without pixel data and offset tables. Raises SourceError.

        Binary values of more than a megabyte are referred to by BulkDataURI.
        """
        return _metadata(self.instance_uri(study_instance_uid, series_instance_uid, sop_instance_uid))[0]

    def retrieve_series_metadata(
        self, study_instance_uid: str, series_instance_uid: str
    ) -> list[dict[str, dict[str, Any]]]:
        """Return the metadata of all instances of a series."""
        entries = self._entries_of(study_instance_uid, series_instance_uid)
        return [self.retrieve_instance_metadata(*entry.key) for entry in entries]

    def retrieve_study_metadata(self, study_instance_uid: str) -> list[dict[str, dict[str, Any]]]:
        """Return the metadata of all instances of a study."""
        return [self.retrieve_instance_metadata(*entry.key) for entry in self._entries_of(study_instance_uid)]

    def retrieve_instance_frames(
        self,
        study_instance_uid: str,
        series_instance_uid: str,
        sop_instance_uid: str,
        frame_numbers: Sequence[int],
        media_types: Sequence[str | tuple[str, str]] | None = None,
    ) -> list[bytes]:
        """Return frames by one-based number, as they are stored whatever the media types. Raises SourceError."""
        uri = self.instance_uri(study_instance_uid, series_instance_uid, sop_instance_uid)
        frames = FrameFiles([uri], [Part(sop_instance_uid, 0, 0)])
        return [bytes(frame.data) for frame in frames.read([number - 1 for number in frame_numbers])]

    def iter_instance_frames(
        self,
        study_instance_uid: str,
        series_instance_uid: str,
        sop_instance_uid: str,
        frame_numbers: Sequence[int],
        media_types: Sequence[str | tuple[str, str]] | None = None,
    ) -> Iterator[bytes]:
        """Yield frames, one in memory at a time."""
        for number in frame_numbers:
            yield from self.retrieve_instance_frames(
                study_instance_uid, series_instance_uid, sop_instance_uid, [number], media_types
            )

    def retrieve_bulkdata(
        self,
        url: str,
        media_types: Sequence[str | tuple[str, str]] | None = None,
        byte_range: tuple[int, int] | None = None,
    ) -> list[bytes]:
        """Return the value that a BulkDataURI of metadata refers to. Raises SourceError for any other.

        The first and the last byte of `byte_range` are part of it.
        """
        uri, _, number = url.rpartition(_BULK)
        known = number.isdecimal() and any(entry.uri == uri for entry in self._index().values())
        values = _metadata(uri)[1] if known else []
        if not known or int(number) >= len(values):
            raise SourceError(f"{url} is no bulk data of {self.location}", uri=url)
        value = values[int(number)]
        return [value if byte_range is None else value[byte_range[0] : byte_range[1] + 1]]

    def iter_bulkdata(
        self,
        url: str,
        media_types: Sequence[str | tuple[str, str]] | None = None,
        byte_range: tuple[int, int] | None = None,
    ) -> Iterator[bytes]:
        """Yield what `retrieve_bulkdata` returns."""
        yield from self.retrieve_bulkdata(url, media_types, byte_range)

    def _index(self) -> dict[tuple[str, str, str], Entry]:
        with self._lock:
            if self._entries is None:
                self._entries = read_folder(self.location)
            return self._entries

    def _entries_of(self, study: str | None = None, series: str | None = None) -> list[Entry]:
        return [
            entry
            for entry in self._index().values()
            if study in (None, entry.key[0]) and series in (None, entry.key[1])
        ]


def _chosen(facts: Dataset, keywords: Sequence[str]) -> Dataset:
    chosen = Dataset()
    for keyword in keywords:
        if keyword in facts:
            chosen[keyword] = facts[keyword]
    return chosen


def _answer(
    found: Sequence[Dataset],
    searched: Sequence[str],
    filters: Mapping[str, Any] | None,
    limit: int | None,
    offset: int | None,
    get_remaining: bool,
) -> list[dict[str, dict[str, Any]]]:
    wanted = {_keyword(name, searched): str(value) for name, value in (filters or {}).items()}
    matching = [facts for facts in found if all(_matches(facts, *one) for one in wanted.items())]
    first = offset or 0
    last = None if get_remaining or limit is None else first + limit
    return [facts.to_json_dict() for facts in matching[first:last]]


def _keyword(name: str, searched: Sequence[str]) -> str:
    keyword = name
    if len(name) == _TAG_DIGITS and set(name) <= _HEX:
        keyword = keyword_for_tag(name)
    if keyword not in searched:
        raise ConfigError(f"nothing is searched by {name}; there are {', '.join(searched)}")
    return keyword


def _matches(facts: Dataset, keyword: str, wanted: str) -> bool:
    """Whether a value is equal, or like a text with * and ? (PS3.4 C.2.2.2.1 and C.2.2.2.4); of several values one."""
    value = facts.get(keyword)
    values = value if keyword == _MODALITIES and not isinstance(value, str) else [value]
    texts = ["" if one is None else str(one) for one in values]
    if dictionary_VR(keyword) == "UI":
        return wanted in texts
    return any(fnmatchcase(text, wanted.replace("[", "[[]")) for text in texts)


def _metadata(uri: str) -> tuple[dict[str, dict[str, Any]], list[bytes]]:
    """Return the metadata of an instance, and the values that they refer to by number."""
    values: list[bytes] = []

    def refer(element: DataElement) -> str:
        values.append(bytes(element.value))
        return f"{uri}{_BULK}{len(values) - 1}"

    file = FileBytes(uri)
    try:
        with file.stream() as stream:
            header = read_partial(stream, stop_when=_at_pixels)
            if int(header.get("NumberOfFrames") or 1) > file.size:
                raise SourceError(
                    f"{uri} claims {header.NumberOfFrames} frames, and has {file.size} bytes: its header is wrong",
                    uri=uri,
                )
            header.AvailableTransferSyntaxUID = header.file_meta.TransferSyntaxUID
            return header.to_json_dict(_BULK_BYTES, refer), values
    except SlidebeamError:
        raise
    except Exception as error:  # a parser of hostile headers may raise anything
        raise SourceError(f"{uri} is no readable DICOM ({type(error).__name__}: {error})", uri=uri) from error
    finally:
        file.close()


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag.group >= _PIXELS_GROUP
