"""One composite PTransform a file, in flow order: wiring only, calling the plain functions of `pipeline.io`."""
