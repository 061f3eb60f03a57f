"""What the reading API raises where dicomslide documents ValueError and raises something else."""

from pipeline.model.errors import SlidebeamError


class NotInSlide(SlidebeamError, ValueError, IndexError, KeyError):
    """A level, channel or focal plane was asked for that the slide or image does not have.

    It is a ValueError, as dicomslide documents, and the IndexError or KeyError that programs written for it catch.
    """
