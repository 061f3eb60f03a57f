"""The file that the launcher of the Flex Template runs; what it does is in the installed package."""

import runpy

runpy.run_module("pipeline.cli.flex_template", run_name="__main__")
