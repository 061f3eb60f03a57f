"""Tests of pipeline.configs."""
