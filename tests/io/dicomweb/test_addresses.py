"""What names a series on a server, and what must not."""

import pytest

from pipeline.io.dicomweb.addresses import (
    DicomwebSeries,
    OrthancSeries,
    dicomweb_series,
    is_orthanc_id,
    is_remote,
    orthanc_series,
)
from pipeline.model.errors import ConfigError

_ID = "aef2c405-56643859-ec1a9736-df219cca-5c89f46e"


@pytest.mark.parametrize("scheme", ["http", "https", "dicomweb+http", "dicomweb+https"])
@pytest.mark.parametrize("end", ["", "/"])
def test_a_url_names_a_dicomweb_series(scheme: str, end: str) -> None:
    address = f"{scheme}://host:8080/a/dicom-web/studies/1.2/series/3.4{end}"
    assert is_remote(address)
    series = dicomweb_series(address)
    assert series == DicomwebSeries(f"{scheme.removeprefix('dicomweb+')}://host:8080/a/dicom-web", "1.2", "3.4")
    assert str(series) == f"{scheme.removeprefix('dicomweb+')}://host:8080/a/dicom-web/studies/1.2/series/3.4"


@pytest.mark.parametrize("text", ["a.dcm", "/data/x", "gs://bucket/x", "s3://bucket/x", "file:///x", _ID, "https"])
def test_other_inputs_are_not_remote_series(text: str) -> None:
    assert not is_remote(text)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://host/dicom-web/studies/1.2", "names no series"),
        ("https://host/dicom-web/studies/1.2/series/3.4/instances/5", "names no series"),
        ("https://host/dicom-web/studies/../series/3.4", "is no UID"),
        ("https://host/dicom-web/studies/1.2/series/%2e%2e", "is no UID"),
        (f"https://host/dicom-web/studies/1.2/series/{'1' * 65}", "is no UID"),
        ("https://host/dicom-web/studies/1.2/series/3.4?limit=1", "without [?] and #"),
        ("https://host:port/dicom-web/studies/1.2/series/3.4", "is no URL"),
        ("https:///studies/1.2/series/3.4", "no URL of a server"),
    ],
)
def test_addresses_that_lead_elsewhere_are_refused(address: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        dicomweb_series(address)


@pytest.mark.parametrize("server", ["http://localhost:8042", "http://localhost:8042/"])
def test_an_id_and_a_url_name_a_series_of_orthanc(server: str) -> None:
    assert is_orthanc_id(_ID)
    assert orthanc_series(_ID, server) == OrthancSeries("http://localhost:8042/", _ID)
    assert str(orthanc_series(_ID, server)) == f"http://localhost:8042/series/{_ID}"


@pytest.mark.parametrize("series", ["deadbeef", "../../system", _ID.upper(), f"{_ID}/..", ""])
def test_what_is_no_id_of_orthanc_is_an_unknown_resource(series: str) -> None:
    with pytest.raises(ConfigError, match="Unknown resource"):
        orthanc_series(series)


@pytest.mark.parametrize("server", ["localhost:8042", "ftp://host/", "http://", "/tmp"])  # noqa: S108  no file
def test_a_server_is_named_by_a_web_address(server: str) -> None:
    with pytest.raises(ConfigError, match="begins with http"):
        orthanc_series(_ID, server)


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    for call in (
        lambda: orthanc_series(_ID, "http://me:hunter2@host/"),
        lambda: dicomweb_series("https://me:hunter2@host/dicom-web/studies/1.2/series/3.4"),
    ):
        with pytest.raises(ConfigError, match="give --username and --password") as caught:
            call()
        assert "hunter2" not in str(caught.value)
