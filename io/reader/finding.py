"""Slides of an archive: which images belong together, asked of any client of DICOMweb's queries.

Images are of one slide where they agree in study, container and frame of reference.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from dicomweb_client import DICOMClient
from highdicom.sr import CodedConcept
from pydicom import Dataset
from pydicom.multival import MultiValue
from pydicom.sr.coding import Code
from pydicom.uid import ParametricMapStorage, SegmentationStorage, VLWholeSlideMicroscopyImageStorage

from pipeline.io.reader.bulk_data import bulk_data_address
from pipeline.io.reader.folder_client import FolderClient
from pipeline.io.reader.slide import Slide
from pipeline.io.reader.upstream import (
    does_optical_path_item_match,
    does_specimen_description_item_match,
    stands_for,
    upstream_find_slides,
)

_LOG = logging.getLogger(__name__)
_ICC_PROFILE = "00282000"
_BYTES = ("application/octet-stream",)
_SLIDES = (("SM", VLWholeSlideMicroscopyImageStorage),)
_DERIVED = (("SEG", SegmentationStorage), ("OT", ParametricMapStorage))
_Key = tuple[str, str, str]


@stands_for(upstream_find_slides)
def find_slides(
    client: DICOMClient | str | os.PathLike[str],
    study_instance_uid: str | None = None,
    patient_id: str | None = None,
    study_id: str | None = None,
    container_id: str | None = None,
    max_frame_cache_size: int = 6,
    pyramid_tolerance: float = 0.1,
    fail_on_error: bool = True,
    include_derived: bool = True,
    specimen_stains: Sequence[Code | CodedConcept] | None = None,
    optical_path_ids: Sequence[str] | None = None,
) -> list[Slide]:
    """Return the slides that a client finds; with arguments, those that have the values.

    A path, or a `gs://` or `s3://` address, stands for a `FolderClient` of it, which dicomslide does not take.
    Derived images are segmentations and parametric maps; they become channels. Images without a container or a frame of
    reference are of no slide, and are told of in the log. Slides are made with `max_frame_cache_size` and
    `pyramid_tolerance`; what makes no slide raises its ValueError, or is told of in the log where `fail_on_error` is
    false.
    """
    if isinstance(client, str | os.PathLike):
        client = FolderClient(client)
    wanted = {"StudyInstanceUID": study_instance_uid, "PatientID": patient_id, "StudyID": study_id}
    filters = {keyword: value for keyword, value in wanted.items() if value is not None}
    together: dict[_Key, list[Dataset]] = {}
    kinds = _SLIDES + (_DERIVED if include_derived else ())
    for metadata in _images(client, filters, kinds, fail_on_error=fail_on_error):
        container = _belongs(metadata, container_id)
        if container is None or not _is_asked_for(metadata, specimen_stains, optical_path_ids):
            continue
        key = (str(metadata.StudyInstanceUID), container, str(metadata.FrameOfReferenceUID))
        together.setdefault(key, []).append(metadata)
    slides = []
    for (study, container, frame_of_reference), image_metadata in together.items():
        try:
            slides.append(Slide(client, image_metadata, max_frame_cache_size, pyramid_tolerance))
        except Exception as error:  # headers may lack anything, or hold anything
            if fail_on_error:
                raise
            _LOG.warning(
                'no slide is made of the images of study "%s" for container "%s" in frame of reference "%s": %s',
                study,
                container,
                frame_of_reference,
                error,
            )
    return slides


def _images(
    client: DICOMClient, filters: dict[str, str], kinds: Iterable[tuple[str, str]], *, fail_on_error: bool
) -> Iterator[Dataset]:
    """Yield the metadata of images of the kinds, study by study; the filters are checked on what archives answer.

    Metadata that cannot be read fail, or are told of in the log and left out.
    """
    for study in map(Dataset.from_json, client.search_for_studies(search_filters=filters, get_remaining=True)):
        if not _agrees(study, filters):
            continue
        for modality, sop_class in kinds:
            answers = client.search_for_instances(
                study_instance_uid=study.StudyInstanceUID,
                search_filters={"Modality": modality},
                get_remaining=True,
            )
            for instance in map(Dataset.from_json, answers):
                # Not all archives can search for a SOP class, so that a modality is asked for.
                if instance.SOPClassUID != sop_class:
                    continue
                try:
                    metadata = _metadata(client, study, instance)
                except Exception as error:  # a file, a server or a parser may fail in any way
                    if fail_on_error:
                        raise
                    _LOG.warning('image "%s" is left out: %s', instance.SOPInstanceUID, error)
                    continue
                if _agrees(metadata, filters):
                    yield metadata


def _metadata(client: DICOMClient, study: Dataset, instance: Dataset) -> Dataset:
    answer = client.retrieve_instance_metadata(
        study_instance_uid=study.StudyInstanceUID,
        series_instance_uid=instance.SeriesInstanceUID,
        sop_instance_uid=instance.SOPInstanceUID,
    )
    metadata = Dataset.from_json(answer, bulk_data_uri_handler=_profile_loader(client))
    _make_picklable(metadata)
    return metadata


def _make_picklable(metadata: Dataset) -> None:
    """Let go of the local function that pydicom 3 keeps with descriptors of palettes; the values stay as they are."""
    for path in metadata.get("OpticalPathSequence") or ():
        for palette in path.get("PaletteColorLookupTableSequence") or ():
            for element in palette:
                if isinstance(element.value, MultiValue) and element.VR == "US":
                    element.value._constructor = int


def _agrees(data: Dataset, filters: dict[str, str]) -> bool:
    return all(str(data.get(keyword, "")) == value for keyword, value in filters.items())


def _profile_loader(client: DICOMClient) -> Callable[[str, str, str], bytes | None]:
    """Return what fetches bulk data of metadata: ICC profiles, and nothing else."""

    def load(tag: str, vr: str, uri: str) -> bytes | None:
        if tag != _ICC_PROFILE:
            return None
        # Named, since servers may refuse a request that accepts anything.
        found = client.retrieve_bulkdata(bulk_data_address(uri, client.base_url), media_types=_BYTES)
        return bytes(found[0])

    return load


def _belongs(metadata: Dataset, container_id: str | None) -> str | None:
    """Return the container that an image is of; None where it is of none, or of another than is asked for."""
    for keyword, name in (
        ("ContainerIdentifier", "Container Identifier"),
        ("FrameOfReferenceUID", "Frame of Reference UID"),
    ):
        if keyword not in metadata:
            _LOG.warning(
                'image "%s" is of no slide: it does not have a %s; `open_slide` reads it all the same',
                metadata.SOPInstanceUID,
                name,
            )
            return None
    container = str(metadata.ContainerIdentifier)
    return container if container_id in (None, container) else None


def _is_asked_for(metadata: Dataset, stains: Sequence[Code | CodedConcept] | None, paths: Sequence[str] | None) -> bool:
    """Tell whether an image has one of the optical paths and one of the stains; derived images always have."""
    if metadata.SOPClassUID != VLWholeSlideMicroscopyImageStorage:
        return True
    if paths is not None and not any(
        does_optical_path_item_match(item, identifier=identifier)
        for item in metadata.OpticalPathSequence
        for identifier in paths
    ):
        return False
    return stains is None or any(
        does_specimen_description_item_match(item, specimen_stain=stain)
        for item in metadata.get("SpecimenDescriptionSequence") or ()
        for stain in stains
    )
