"""What of an OME-XML document this project uses. Names are those of the OME data model, schema 2016-06."""

from dataclasses import dataclass

from pipeline.model.source import Illumination


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel of an image."""

    name: str
    samples_per_pixel: int | None
    """None: the XML does not say."""
    colour: tuple[int, int, int] | None
    excitation_nm: float | None
    emission_nm: float | None
    illumination: Illumination | None
    """None: the XML does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffData:
    """A run of planes that stand in a run of directories."""

    first: tuple[int, int, int]
    """Channel, focal plane and time point of the first of them."""
    directory: int | None
    """Number of the first directory (IFD) in the chain; None: not said."""
    planes: int | None
    """None: not said."""
    file_name: str
    uuid: str
    """Of the file that holds them; both empty: this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanePosition:
    """Where the stage was, in micrometres. None: not said, or not in a unit of length."""

    x_um: float | None
    y_um: float | None
    z_um: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One Image with its Pixels."""

    name: str
    """As written; `Image 2` where it has none."""
    columns: int
    rows: int
    size_c: int
    """Channels times samples a pixel."""
    size_z: int
    size_t: int
    order: str
    """The three last letters of DimensionOrder, the fastest first."""
    pixel_type: str
    significant_bits: int | None
    physical_size_um: tuple[float | None, float | None, float | None]
    """X, Y and Z of a voxel."""
    channels: tuple[Channel, ...]
    blocks: tuple[TiffData, ...]
    positions: dict[tuple[int, int, int], PlanePosition]
    """By channel, focal plane, time point."""
    acquisition_date: str
    """As written: ISO 8601."""
    instrument: str
    objective: str
    """IDs of what it was acquired with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Microscope:
    """An Instrument's Microscope, empty where nothing is said."""

    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The root."""

    uuid: str
    creator: str
    images: tuple[Image, ...]
    instruments: dict[str, Microscope]
    """By ID, in the document's order."""
    magnifications: dict[str, float]
    """Nominal ones of objectives, by ID, in the document's order."""
    properties: tuple[tuple[str, str], ...]
    """All text of the document, planes and directories left out."""
