"""Beam's options with kept views."""

from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions

from pipeline.beam_options import beam_options


def test_values_are_those_of_beams_own_options() -> None:
    arguments = ["--runner=DirectRunner", "--direct_num_workers", "3", "--streaming"]
    kept, plain = beam_options(arguments), PipelineOptions(arguments)
    assert kept.get_all_options() == plain.get_all_options()
    assert kept.view_as(DirectOptions).direct_num_workers == 3


def test_a_view_is_made_once_and_writes_through() -> None:
    options = beam_options([])
    options.view_as(StandardOptions).runner = "FnApiRunner"
    assert options.view_as(StandardOptions) is options.view_as(StandardOptions)
    assert options.get_all_options()["runner"] == "FnApiRunner"
    assert options.view_as(DirectOptions).view_as(StandardOptions).runner == "FnApiRunner"
