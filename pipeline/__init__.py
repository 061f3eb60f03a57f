"""Whole-slide images to DICOM WSM and back, as an Apache Beam pipeline.

The root folders `pipeline`, `transforms`, `io` and `configs` are one package. An installation puts the last
three inside this one; in a bare checkout they are its siblings, so the checkout's root joins this package's search
path and `pipeline.io.codecs` is found there. Only a folder with `setup.py` beside it counts as a checkout.

The public names load on first use: `import pipeline` costs no Beam, no numpy and no codec.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.export import DicomExport
    from pipeline.io.codecs import encode_frame

__all__ = ["DicomExport", "__version__", "encode_frame"]

__version__ = "0.1.0"

_PUBLIC_NAMES = {"DicomExport": "pipeline.export", "encode_frame": "pipeline.io.codecs"}

_package = Path(__file__).resolve().parent
if not (_package / "transforms").is_dir() and (_package.parent / "setup.py").is_file():
    __path__.append(str(_package.parent))


def __getattr__(name: str) -> Any:
    """Import a public name from the module that defines it."""
    if name not in _PUBLIC_NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_PUBLIC_NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
