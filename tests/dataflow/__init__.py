"""What can be known of a Dataflow job without the cloud: `make test-dataflow`."""
