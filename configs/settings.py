"""The one table of what can be set, by flag or by file.

A line a setting: the command line takes `--name`, a YAML file takes `name`, both read the value with the same
function and explain it with the same words. A setting names the field of `ConversionConfig` that it sets; those
without one concern the command alone.
"""

from pipeline.configs.content_settings import CONTENT_SETTINGS
from pipeline.configs.plan_settings import PLAN_SETTINGS
from pipeline.configs.profiles import profile_names
from pipeline.configs.setting import Setting, terms
from pipeline.configs.values import (
    gigabytes,
    integer,
    inverted_switch,
    levels,
    megabytes,
    number,
    one_of,
    one_of_names,
    seconds,
    spacings,
    switch,
    text,
    texts,
    transfer_syntax,
)
from pipeline.model.config import Backend, Certificate, CodecValidation, Isolation, MissingTiles, OpticalPaths
from pipeline.model.offset_table import OffsetTable
from pipeline.model.transfer_syntaxes import Subsampling, TransferSyntax

_FILES = "slides and output"
_IMAGES = "what is converted"
_FRAMES = "how frames are written"
_CHECKS = "checks"
_WORK = "how the work is done"
_WORDS = "messages"

SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="input",
        parse=texts,
        group=_FILES,
        metavar="SLIDE",
        many=True,
        repeated=True,
        help="slides: paths, gs:// or s3:// addresses, folders of one slide (MIRAX, DICOM), globs with ** (quote "
        "them), manifests (.csv, .tsv, .jsonl, .parquet) with a row a slide; may be repeated",
    ),
    Setting(
        name="manifest",
        parse=text,
        group=_FILES,
        metavar="FILE",
        help="table with a row for each slide of --input, whose metadata are joined to it by --mapping (default: none)",
    ),
    Setting(
        name="mapping",
        parse=text,
        group=_FILES,
        metavar="FILE",
        help="YAML that says which column of a manifest is the slide, its name and its metadata (default: a column "
        "slide, uri, path or file, and no metadata)",
    ),
    Setting(
        name="output",
        field="output",
        parse=text,
        group=_FILES,
        metavar="DIR",
        help="folder, or gs://BUCKET/PREFIX or s3://BUCKET/PREFIX, that receives a folder of DICOM files a slide, "
        "_reports/ and _state/; made if need be",
    ),
    Setting(
        name="watch",
        parse=switch,
        group=_FILES,
        help="go on looking for new slides in the folders, prefixes and globs of --input, and convert each when it is "
        "complete, until Ctrl-C or SIGTERM",
    ),
    Setting(
        name="watch-interval",
        parse=seconds,
        group=_FILES,
        metavar="SECONDS",
        help="time between two looks; a slide that did not change in between is complete (default: 30)",
    ),
    Setting(
        name="subscription",
        parse=text,
        group=_FILES,
        metavar="NAME",
        help="convert slides as Cloud Storage announces them, on engines that run streams: "
        "projects/PROJECT/subscriptions/NAME of Pub/Sub; --input is the gs:// address below which slides lie "
        "(default: none)",
    ),
    Setting(
        name="completion-timeout",
        parse=seconds,
        group=_FILES,
        metavar="SECONDS",
        help="on a stream, how long to wait for the frames of an instance, and for the instances of a slide, before "
        "the slide fails (default: 21600)",
    ),
    Setting(
        name="overwrite",
        field="overwrite",
        parse=switch,
        group=_FILES,
        help="replace another DICOM series where a slide's folder goes (default: refuse); finished slides are skipped",
    ),
    Setting(
        name="force",
        field="force",
        parse=switch,
        group=_FILES,
        help="convert finished slides anew (default: skip them)",
    ),
    Setting(
        name="level",
        field="levels",
        parse=levels,
        group=_IMAGES,
        metavar="N",
        repeated=True,
        help="source levels to convert, 0 is the base: 2, 0,2 or 0-2; may be repeated (default: all)",
    ),
    Setting(
        name="add-missing-levels",
        field="add_missing_levels",
        parse=switch,
        group=_IMAGES,
        help="average the levels that the slide lacks, each half of the one before, down to one tile (default: the "
        "slide's levels as they are)",
    ),
    Setting(
        name="regenerate-pyramid",
        field="regenerate_pyramid",
        parse=switch,
        group=_IMAGES,
        help="average all levels anew from the base, each half of the one before, down to one tile",
    ),
    Setting(
        name="levels-by-spacing",
        field="level_spacings_um",
        parse=spacings,
        group=_IMAGES,
        metavar="MICROMETRES,...",
        help="levels of these spacings in micrometres per pixel, as 0.25,0.5,1: the slide's own where it has them, "
        "else averaged (default: the slide's levels)",
    ),
    Setting(
        name="optical-paths",
        field="optical_paths",
        parse=one_of(OpticalPaths),
        group=_IMAGES,
        metavar=terms(list(OpticalPaths)),
        help="channels of a level in one instance, or each in its own (default: combined)",
    ),
    Setting(
        name="missing-tiles",
        field="missing_tiles",
        parse=one_of(MissingTiles),
        group=_FRAMES,
        metavar=terms(list(MissingTiles)),
        help="tiles that the slide does not hold: frames of the background, or none in a TILED_SPARSE instance "
        "(default: fill)",
    ),
    Setting(
        name="offset-table",
        field="offset_table",
        parse=one_of(OffsetTable),
        group=_FRAMES,
        metavar=terms(list(OffsetTable)),
        help="index of compressed frames; auto: basic up to 4 GiB, extended beyond (default: auto)",
    ),
    Setting(
        name="max-instance-mb",
        field="max_instance_bytes",
        parse=megabytes,
        group=_FRAMES,
        metavar="MB",
        help="write larger instances as concatenations of files of at most so many megabytes (default: one file)",
    ),
    Setting(
        name="no-label",
        field="label",
        parse=inverted_switch,
        group=_IMAGES,
        help="leave out the label, which may show a patient's name (default: written)",
    ),
    Setting(
        name="no-overview",
        field="overview",
        parse=inverted_switch,
        group=_IMAGES,
        help="leave out the overview (macro) image, which may show the label (default: written)",
    ),
    Setting(
        name="no-thumbnail",
        field="thumbnail",
        parse=inverted_switch,
        group=_IMAGES,
        help="leave out the thumbnail (default: written)",
    ),
    Setting(
        name="profile",
        field="profile",
        parse=one_of_names(profile_names()),
        group=_FRAMES,
        metavar=terms(profile_names()),
        help="where the DICOM goes: sets how frames are compressed, size of files and offset table, and refuses what "
        "would be refused there (default: plain, which has no limits)",
    ),
    Setting(
        name="transfer-syntax",
        field="transfer_syntax",
        parse=transfer_syntax,
        group=_FRAMES,
        metavar=terms([syntax.option for syntax in TransferSyntax.offered()]),
        help="how frames are compressed; jpeg2000, htj2k and jpeg-xl pass what may have lost something and encode the "
        "rest without loss, unless a quality or a ratio is given; jpeg-xl-recompression stores JPEG tiles smaller, and "
        "they come back byte for byte (default: the source's tiles pass as they are; where they cannot, "
        "htj2k-lossless-rpcl)",
    ),
    Setting(
        name="force-transcode",
        field="force_transcode",
        parse=switch,
        group=_FRAMES,
        help="decode and encode even tiles that could pass through (default: pass)",
    ),
    Setting(
        name="tile-size",
        field="tile_size",
        parse=integer,
        group=_FRAMES,
        metavar="PIXELS",
        help="edge of square frames in pixels, even, 16 to 16384 (default: the source's tiles; 512 if untiled)",
    ),
    Setting(
        name="jpeg-quality",
        field="jpeg_quality",
        parse=integer,
        group=_FRAMES,
        metavar="1-100",
        help="quality of frames that are encoded as JPEG (default: 90)",
    ),
    Setting(
        name="jpeg-subsampling",
        field="jpeg_subsampling",
        parse=one_of(Subsampling),
        group=_FRAMES,
        metavar=terms(list(Subsampling)),
        help="chroma sampling of frames that are encoded as JPEG (default: 422)",
    ),
    Setting(
        name="j2k-decomposition-levels",
        field="j2k_decomposition_levels",
        parse=integer,
        group=_FRAMES,
        metavar="N",
        help="wavelet decompositions of JPEG 2000 and HTJ2K frames, 0 to 32 (default: 5, more if RPCL needs it)",
    ),
    Setting(
        name="j2k-quality",
        field="j2k_quality",
        parse=number,
        group=_FRAMES,
        metavar="DB",
        help="peak signal-to-noise ratio in dB, 20 to 100, that every frame reaches which is encoded with jpeg2000 or "
        "htj2k: 40 is small, 50 shows no loss (default: nothing is lost)",
    ),
    Setting(
        name="compression-ratio",
        field="compression_ratio",
        parse=number,
        group=_FRAMES,
        metavar="RATIO",
        help="bytes of pixels over bytes of the frame, 1 to 1000, that every frame reaches which is encoded with "
        "jpeg2000 or htj2k, in the place of a quality (default: nothing is lost)",
    ),
    Setting(
        name="jpeg-ls-near",
        field="jpeg_ls_near",
        parse=integer,
        group=_FRAMES,
        metavar="N",
        help="largest error of a sample in jpeg-ls-near-lossless frames, 1 to 255, half of the range at most "
        "(default: 2)",
    ),
    *CONTENT_SETTINGS,
    Setting(
        name="codec-validation",
        field="codec_validation",
        parse=one_of(CodecValidation),
        group=_CHECKS,
        metavar=terms(list(CodecValidation)),
        help="round-trip: decode every encoded frame again and compare (default: disabled)",
    ),
    Setting(
        name="certificate",
        field="certificate",
        parse=one_of(Certificate),
        group=_CHECKS,
        metavar=terms(list(Certificate)),
        help="frames of a file that are read back and compared: a sample of at least 16, or all (default: sample)",
    ),
    Setting(
        name="validate-output",
        field="validate_output",
        parse=switch,
        group=_CHECKS,
        help="validate each slide's DICOM files before they are published, as `slidebeam validate` does; a slide with "
        "an error fails (default: not validated)",
    ),
    Setting(
        name="backend",
        field="backend",
        parse=one_of(Backend),
        group=_WORK,
        metavar=terms(list(Backend)),
        help="where frames are encoded (default: auto)",
    ),
    Setting(
        name="threads",
        field="threads",
        parse=integer,
        group=_WORK,
        metavar="N",
        help="codec threads of a process (default: 0, one a core)",
    ),
    Setting(
        name="isolate",
        field="isolate",
        parse=one_of(Isolation),
        group=_WORK,
        metavar=terms(list(Isolation)),
        alone=Isolation.TILES,
        help="what is done in helper processes, whose crash or hang is the failure of one slide: its tiles (also "
        "--isolate alone), its headers, or none; auto: headers where a job has several slides, or a native library "
        "reads them (default: auto)",
    ),
    Setting(
        name="isolate-timeout",
        field="isolate_seconds",
        parse=number,
        group=_WORK,
        metavar="SECONDS",
        help="time that a helper process has to open a slide, or for a run of tiles, before it is ended and the slide "
        "fails (default: 600)",
    ),
    Setting(
        name="run-frames",
        field="run_frames",
        parse=integer,
        group=_WORK,
        metavar="N",
        help="most tiles that are decoded together (default: 64)",
    ),
    Setting(
        name="run-bytes",
        field="run_bytes",
        parse=integer,
        group=_WORK,
        metavar="BYTES",
        help="stored bytes of tiles that are handled together (default: 2097152)",
    ),
    Setting(
        name="wave-gb",
        field="wave_bytes",
        parse=gigabytes,
        group=_WORK,
        metavar="GB",
        help="gigabytes of slides that are converted at once and published before the next ones begin (default: a "
        "quarter of what the output's disk has free; no limit in a bucket)",
    ),
    Setting(
        name="wave-slides",
        field="wave_slides",
        parse=integer,
        group=_WORK,
        metavar="N",
        help="slides that are converted at once and published before the next ones begin (default: 32; no limit on "
        "engines elsewhere)",
    ),
    *PLAN_SETTINGS,
    Setting(
        name="json", parse=switch, group=_WORDS, help="print the report as one line of JSON on stdout, and nothing else"
    ),
    Setting(name="verbose", parse=switch, group=_WORDS, help="say more, and show the traceback of an error"),
    Setting(name="quiet", parse=switch, group=_WORDS, help="no progress and no summary; errors are still shown"),
)

SETTINGS_BY_NAME = {setting.name: setting for setting in SETTINGS}
