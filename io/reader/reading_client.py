"""The requests of the DICOMClient protocol that a client which only reads headers and frames refuses."""

from typing import Any, NoReturn

from pipeline.model.errors import ConfigError


class ReadingClient:
    """Refuses with ConfigError to store, to delete, to render and to hand out whole instances."""

    protocol: str | None = None
    url_prefix: str = ""
    qido_url_prefix: str | None = None
    wado_url_prefix: str | None = None
    stow_url_prefix: str | None = None
    delete_url_prefix: str | None = None

    def __init__(self, base_url: str) -> None:
        """Take the URL of what is read; the protocol wants it said."""
        self.base_url = base_url
        self.scheme = base_url.partition(":")[0]

    def retrieve_study(self, *arguments: Any, **keywords: Any) -> NoReturn:
        """Refuse."""
        self._refuse("hand out whole instances; open the file of `instance_uri` with pydicom")

    def iter_study(self, *arguments: Any, **keywords: Any) -> NoReturn:
        """Refuse."""
        self.retrieve_study()

    def retrieve_series(self, *arguments: Any, **keywords: Any) -> NoReturn:
        """Refuse."""
        self.retrieve_study()

    def iter_series(self, *arguments: Any, **keywords: Any) -> NoReturn:
        """Refuse."""
        self.retrieve_study()

    def retrieve_instance(self, *arguments: Any, **keywords: Any) -> NoReturn:
        """Refuse."""
        self.retrieve_study()

    def retrieve_series_rendered(self, *arguments: Any, **keywords: Any) -> NoReturn:
        """Refuse."""
        self._refuse("render; read pixels through a Slide")

    def retrieve_instance_rendered(self, *arguments: Any, **keywords: Any) -> NoReturn:
        """Refuse."""
        self.retrieve_series_rendered()

    def retrieve_instance_frames_rendered(self, *arguments: Any, **keywords: Any) -> NoReturn:
        """Refuse."""
        self.retrieve_series_rendered()

    def store_instances(self, *arguments: Any, **keywords: Any) -> NoReturn:
        """Refuse."""
        self._refuse("store")

    def delete_study(self, *arguments: Any, **keywords: Any) -> NoReturn:
        """Refuse."""
        self._refuse("delete")

    def delete_series(self, *arguments: Any, **keywords: Any) -> NoReturn:
        """Refuse."""
        self._refuse("delete")

    def delete_instance(self, *arguments: Any, **keywords: Any) -> NoReturn:
        """Refuse."""
        self._refuse("delete")

    def _refuse(self, what: str) -> NoReturn:
        raise ConfigError(f"{type(self).__name__} reads headers and frames, and does not {what}")
