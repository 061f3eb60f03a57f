"""How fast one core works, and what its work is priced at: numbers that a site measures or looks up.

Pixels count in megabytes (10**6 bytes) of uncompressed samples, so that gray of 16 bits and colour of 8 share a rate.
Seconds are those of one core, user and system time.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Measured rates."""

    decode: Mapping[str, float]
    """Megabytes of pixels a second, by `Compression` of the source."""
    encode: Mapping[str, float]
    """Megabytes of pixels a second, by transfer syntax as options call it."""
    encoded_size: Mapping[str, float]
    """By transfer syntax: bytes of frames a byte of pixels of detail 1 (`pipeline.io.estimates.detail`)."""
    guessed_detail: float
    """Of pixels whose source tells nothing of it."""
    jpeg_quality_size: Mapping[float, float]
    """Size of a JPEG by quality, as a multiple of that of 90."""
    j2k_quality_size: Mapping[float, float]
    """Size of a JPEG 2000 or HTJ2K frame by quality in dB, as a multiple of that of 50."""
    average: float
    """Megabytes of pixels a second that are averaged into smaller levels."""
    retile: float
    """Megabytes of pixels a second that are cut on MCU boundaries."""
    recompress: float
    """Megabytes of pixels a second whose JPEG becomes JPEG XL."""
    recompressed_size: float
    """Bytes of that JPEG XL a byte of JPEG."""
    read_back: float
    """Megabytes of frames a second that are read back for a full certificate."""
    copy: float
    """Megabytes a second of frames that are read and written, whatever their route."""
    frame_seconds: float
    """Of one frame, beside its bytes."""
    instance_seconds: float
    """Of one file: header, index, joining, certificate, validation not included."""
    slide_seconds: float
    """Of one slide: opening, planning, publishing."""
    job_seconds: float
    """Of one job: imports, graph, reports."""
    start_seconds: float
    """Wall time from the start of a job to its first slide, and from its last slide to its end."""
    wave_seconds: float
    """Wall time to start another wave."""
    spread_stored: float
    """An encoded size that follows from the stored one lies between the estimate divided and multiplied by this."""
    spread_guessed: float
    """The same where the stored size is not known by image."""
    source: str = ""
    """Where the numbers are from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a site pays. All amounts are in one currency."""

    currency: str
    vcpu_hour: float
    """One core for an hour, with the memory that goes with it."""
    storage_gb_month: float
    """10**9 bytes of output for a month."""
    writes_10000: float
    """Ten thousand requests that write, copy, join or list objects (class A)."""
    reads_10000: float
    """Ten thousand requests that read objects (class B)."""
    read_gb: float
    """10**9 bytes of sources read from the store: egress where the workers are in another region, else 0."""
    months: float = 1.0
    """How long the output is kept."""
    source: str = ""
    """Where the numbers are from."""
