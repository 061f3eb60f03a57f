"""Beam on a real Flink cluster: `make test-flink`. No part of it runs on another engine."""
