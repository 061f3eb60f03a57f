"""Check a published series against its slide, from the files alone."""

from pipeline.io.verification.series import verify_slide

__all__ = ["verify_slide"]
