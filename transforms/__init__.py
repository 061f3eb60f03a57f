"""The stages of the graph, one composite PTransform a file: wiring only, calling the plain functions of `pipeline.io`.

Beside them is what stages share: dead letters (`failures`), what a process keeps (`process`), how runs are made and
where (`run_work`, `make_runs`, `isolation`), tries (`retries`) and counters (`metrics`).
"""
