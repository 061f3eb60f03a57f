"""What the launcher of a Flex Template runs: parameters of the template become the flags of `slidebeam convert`.

The launcher passes every parameter as `--name=value`, whatever it is, and adds Beam's own options. A flag without value
is `true` or `false` here.
"""

import sys
from collections.abc import Iterator, Sequence

from pipeline.cli.failing import leave
from pipeline.configs.flex_template import parameter_name, template_settings
from pipeline.run import main


def flags(parameters: Sequence[str]) -> Iterator[str]:
    """Yield the flags that parameters stand for; what is not ours stays as it is."""
    settings = {parameter_name(setting): setting for setting in template_settings()}
    for parameter in parameters:
        name, _, value = parameter.removeprefix("--").partition("=")
        setting = settings.get(name)
        if setting is None:
            yield parameter
        elif setting.metavar:
            yield f"--{setting.name}={value}"
        elif value == "true":
            yield f"--{setting.name}"


if __name__ == "__main__":
    leave(main(list(flags(sys.argv[1:])), prog="python -m pipeline.run"))
