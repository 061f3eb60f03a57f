"""Map the four top-level folders onto the one package `pipeline`.

Everything that can be said statically is in pyproject.toml; setuptools cannot express a prefix for found packages
there, so the package list is made here. `io` and `configs` are listed by name because they may have no
`__init__.py` of their own (`io/__init__.py` would hide the standard `io` from type checkers).
"""

from setuptools import find_packages, setup

FOLDERS = {
    "pipeline": "pipeline",
    "pipeline.transforms": "transforms",
    "pipeline.io": "io",
    "pipeline.configs": "configs",
}

setup(
    package_dir=FOLDERS,
    packages=[*FOLDERS, *(f"{name}.{sub}" for name, folder in FOLDERS.items() for sub in find_packages(folder))],
    package_data={
        "pipeline": ["py.typed"],
        "pipeline.configs": ["*.yaml", "estimates/*.yaml", "profiles/*.yaml", "tissue/*.yaml"],
    },
    # For machines, and in the source distribution (MANIFEST.in).
    exclude_package_data={"pipeline.configs": ["deploy/**/*"]},
    zip_safe=False,
)
