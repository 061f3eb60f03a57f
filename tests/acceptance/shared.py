"""The readable files of the shared slides: what the judge is told of each, and who else reads its pixels."""

from dataclasses import dataclass
from pathlib import Path

SPACING = ("--source-pixel-spacing-mm", "0.0005,0.0005")
NOT_SLIDES = ("corrupt", "README.md")


@dataclass(frozen=True, slots=True)
class SharedSlide:
    """A file or a folder below the shared slides."""

    path: str
    claims: tuple[str, ...] | None = ()
    """What the judge is told beside `--slide`; None: OpenSlide and tifffile do not open it, and it judges without."""
    says_its_scale: bool = True
    reader: str = ""
    """Who reads the pixels that the judge does not compare, in `own_readers`; empty: it compares all."""

    @property
    def options(self) -> tuple[str, ...]:
        """Options that the conversion needs: none but a scale that the slide does not tell."""
        return () if self.says_its_scale else SPACING


_PASSES = ("--passthrough",)
_EQUAL = ("--lossless",)
# OpenSlide rounds places at level 2 of the boxes, 4.016 times smaller than the base: it differs from tifffile by 2.08.
_ROUNDED = ("--tolerance", "2.1")

SLIDES = (
    SharedSlide("aperio/CMU-1-Small-Region.svs", _PASSES),
    SharedSlide("generic-tiff/kidney-48-5.tif", _EQUAL, says_its_scale=False),
    SharedSlide("generic-tiff/large_image-grey10kx5k.tif", _EQUAL),
    SharedSlide("generic-tiff/large_image-yb10kx5k.zstd.tiff", _EQUAL),
    SharedSlide("generic-tiff/libvips-subsampled.tif", _EQUAL, says_its_scale=False),
    SharedSlide("generic-tiff/openslide-boxes.tiff", _ROUNDED, reader="tifffile"),
    SharedSlide("generic-tiff/panimg-valid_tiff.tif", _EQUAL),
    SharedSlide("hamamatsu/test3-DAPI-2-387.ndpi", _EQUAL),
    SharedSlide("ome-tiff/OS-1-detail.ome.tif", _PASSES),
    SharedSlide("ome-tiff/minerva-2048x2048_ome6_tiled.ome.tif", _EQUAL, says_its_scale=False, reader="tifffile"),
    SharedSlide("ome-tiff/multi-channel-z-series.ome.tif", _EQUAL, says_its_scale=False, reader="tifffile"),
    SharedSlide("ome-tiff/qupath-cells-2c.ome.tif", _EQUAL, reader="tifffile"),
    SharedSlide("ome-tiff/qupath-cells-2z.ome.tif", _EQUAL, reader="tifffile"),
    SharedSlide("synthetic/SYN-J2K33005-8k.svs", _PASSES),
    SharedSlide("synthetic/SYN-brightfield-z5.ome.tif", _PASSES, reader="tifffile"),
    SharedSlide("synthetic/SYN-ndpi-z3.ndpi", _EQUAL, reader="tifffile"),
    SharedSlide("zeiss-czi/RGB-8bit.czi", None, reader="czifile"),
    SharedSlide("zeiss-czi/mosaic_test.czi", None, reader="czifile"),
    SharedSlide("zeiss-czi/newCZI_compressed.czi", None, says_its_scale=False, reader="zstd"),
    SharedSlide("dicom/BPAEC", None, reader="pydicom"),
    SharedSlide("dicom/jcupitt-cmu1-small-region", None, reader="frames"),
    SharedSlide("dicom/google-wsi2dcm-jpeg.dcm", _EQUAL, reader="frames"),
    SharedSlide("dicom/google-wsi2dcm-jpeg2000.dcm", _EQUAL, reader="frames"),
    SharedSlide("dicom/google-wsi2dcm-raw.dcm", _EQUAL, reader="pydicom"),
    SharedSlide("dicom/highdicom-sm_image.dcm", _EQUAL, reader="pydicom"),
    SharedSlide("dicom/highdicom-sm_image_dots.dcm", _EQUAL, reader="pydicom"),
    SharedSlide("dicom/highdicom-sm_image_grayscale.dcm", None, reader="pydicom"),
    SharedSlide("dicom/highdicom-sm_image_jpegls.dcm", None, reader="frames"),
)


def slides_below(folder: Path) -> set[str]:
    """Return the files of the shared slides that can be read, a folder of DICOM as one."""
    found = set()
    for path in folder.rglob("*"):
        names = path.relative_to(folder).parts
        if path.is_file() and names[0] not in NOT_SLIDES:
            found.add("/".join(names[:2]))
    return found
