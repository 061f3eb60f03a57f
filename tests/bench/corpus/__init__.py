"""Tests of the benchmark of corpora; no test here depends on how fast anything is."""
