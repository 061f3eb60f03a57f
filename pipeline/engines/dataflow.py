"""What must be so before a job goes to Dataflow: its library is here, and its workers will have this package.

Beam tells the first when the graph is built, hidden in another error, and nobody the second: workers would fail one
after the other with ModuleNotFoundError, minutes later and at a price.
"""

from importlib.util import find_spec

from apache_beam.options.pipeline_options import PipelineOptions, SetupOptions, WorkerOptions

from pipeline.model.errors import ConfigError


def check_library() -> None:
    """Raise ConfigError when the extra is not installed."""
    if find_spec("google.cloud.dataflow_v1beta3") is None:
        raise ConfigError("--runner DataflowRunner needs Google's libraries: pip install 'slidebeam[dataflow]'")


def check_workers(options: PipelineOptions) -> None:
    """Raise ConfigError when the workers would not have this package."""
    setup = options.view_as(SetupOptions)
    if not (options.view_as(WorkerOptions).sdk_container_image or setup.setup_file or setup.extra_packages):
        raise ConfigError(
            "--runner DataflowRunner: workers need slidebeam; build an image with it (configs/deploy/image) and name "
            "it with --sdk_container_image"
        )
