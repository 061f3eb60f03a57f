"""Settings by name: the one table of them, the loader of YAML files, and the presets that ship with the package."""
