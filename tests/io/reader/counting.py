"""A wrapper round a real client that counts what frames are asked for."""

from collections.abc import Sequence
from typing import Any


class CountingClient:
    """Passes everything on to a client, and lists the frame numbers of each retrieval."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.asked: list[list[int]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def retrieve_instance_frames(
        self,
        study_instance_uid: str,
        series_instance_uid: str,
        sop_instance_uid: str,
        frame_numbers: Sequence[int],
        media_types: Any = None,
    ) -> list[bytes]:
        """Count, and pass on."""
        self.asked.append(list(frame_numbers))
        frames: list[bytes] = self._client.retrieve_instance_frames(
            study_instance_uid, series_instance_uid, sop_instance_uid, frame_numbers, media_types=media_types
        )
        return frames
