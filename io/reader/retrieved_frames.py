"""Frames that a DICOMweb client retrieves (PS3.18 10.4), in whatever media type the server has them."""

from collections.abc import Sequence
from typing import Any

from pipeline.io.reader.concatenation import Part, frames_by_part
from pipeline.io.reader.frame_source import StoredFrame
from pipeline.model.errors import SlidebeamError, SourceError, StorageError

_FRAMES_A_REQUEST = 64
"""Frame numbers stand in the URL, whose length servers limit."""
_AS_STORED = (("application/octet-stream", "*"),)
"""All that some servers take, as Orthanc's DICOMweb plugin 1.7, and in which all give what they have."""
_COMMON = (
    *_AS_STORED,
    ("image/jpeg", "1.2.840.10008.1.2.4.50"),
    ("image/jls", "1.2.840.10008.1.2.4.80"),
    ("image/jls", "1.2.840.10008.1.2.4.81"),
    ("image/jp2", "1.2.840.10008.1.2.4.90"),
    ("image/jp2", "1.2.840.10008.1.2.4.91"),
    ("image/jpx", "1.2.840.10008.1.2.4.92"),
    ("image/jpx", "1.2.840.10008.1.2.4.93"),
)
_ALL = (
    *_COMMON,
    ("image/jphc", "1.2.840.10008.1.2.4.201"),
    ("image/jphc", "1.2.840.10008.1.2.4.202"),
    ("image/jphc", "1.2.840.10008.1.2.4.203"),
    ("image/jxl", "1.2.840.10008.1.2.4.110"),
    ("image/jxl", "1.2.840.10008.1.2.4.111"),
    ("image/jxl", "1.2.840.10008.1.2.4.112"),
)
"""PS3.18 table 8.7.3-5; dicomweb-client refuses to ask for the newer ones, and raises ValueError."""
_Offer = tuple[tuple[str, str], ...]


class RetrievedFrames:
    """Frames that a client retrieves, of one or several instances of a series."""

    def __init__(self, client: Any, study: str, series: str, parts: Sequence[Part]) -> None:
        self._client = client
        self._study = study
        self._series = series
        self._parts = tuple(parts)
        remote = str(getattr(client, "base_url", "")).startswith("http")
        self._offers: tuple[_Offer, ...] = (_AS_STORED, _ALL, _COMMON) if remote else (_COMMON, _AS_STORED)

    def read(self, frames: Sequence[int]) -> list[StoredFrame]:
        """Return frames by zero-based index, in order; SourceError where the answer has another number of them."""
        found: dict[int, StoredFrame] = {}
        for number, own in frames_by_part(self._parts, frames):
            for first in range(0, len(own), _FRAMES_A_REQUEST):
                asked = own[first : first + _FRAMES_A_REQUEST]
                numbers = [frame - self._parts[number].first_frame + 1 for frame in asked]
                answer = self._retrieve(self._parts[number].sop_instance_uid, numbers)
                if len(answer) != len(asked):
                    raise SourceError(
                        f"{len(asked)} frames of instance {self._parts[number].sop_instance_uid} were asked for, and "
                        f"{len(answer)} came; the server does not serve frames as PS3.18 10.4.1 says"
                    )
                found |= {frame: StoredFrame(data, None) for frame, data in zip(asked, answer, strict=True)}
        return [found[frame] for frame in frames]

    def _retrieve(self, sop_instance_uid: str, numbers: list[int]) -> Sequence[bytes]:
        """Ask for media types; where they are refused for others, and stay with those that gave an answer.

        Raises StorageError where none does: of what was wrong with the first.
        """
        errors: list[Exception] = []
        for offer in self._offers:
            try:
                answer: Sequence[bytes] = self._client.retrieve_instance_frames(
                    study_instance_uid=self._study,
                    series_instance_uid=self._series,
                    sop_instance_uid=sop_instance_uid,
                    frame_numbers=numbers,
                    media_types=offer,
                )
            except SlidebeamError:
                raise
            except (OSError, ValueError) as error:
                errors.append(error)
                if isinstance(error, OSError) and getattr(error, "response", None) is None:
                    break  # nobody answered
            else:
                self._offers = (offer,)
                return answer
        raise StorageError(
            f"frames {numbers} of instance {sop_instance_uid} were not served: {errors[0]}", uri=sop_instance_uid
        ) from errors[0]
