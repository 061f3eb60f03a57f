"""What the reading API raises where dicomslide documents ValueError and raises something else."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.model.errors import SlidebeamError, SourceError


class NotInSlide(SlidebeamError, ValueError, IndexError, KeyError):
    """A level, channel or focal plane was asked for that the slide or image does not have.

    It is a ValueError, as dicomslide documents, and the IndexError or KeyError that programs written for it catch.
    """


class WrongHeader(SourceError, ValueError):
    """A header lacks what a slide needs, or says what cannot be. It is a ValueError, as dicomslide documents."""


@contextmanager
def headers_read(what: str) -> Iterator[None]:
    """Turn whatever comes of reading the headers of a stranger into WrongHeader; a ValueError tells by itself."""
    try:
        yield
    except SlidebeamError:
        raise
    except Exception as error:
        if type(error) is ValueError:
            raise
        raise WrongHeader(
            f"the header of {what} lacks what a slide needs, or says what cannot be ({type(error).__name__}: {error})"
        ) from error
