"""The architecture as tests: what CONTRIBUTING.md says about the code is true of the code."""
