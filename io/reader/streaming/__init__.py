"""Frames on demand: those of slides, each as a DICOM file of its own, and slices of DiCube files."""

from pipeline.io.reader.streaming.slide_reader import SlideStreamingReader, open_frames

__all__ = ["SlideStreamingReader", "open_frames"]
