"""Tests of the benchmark's arithmetic and measuring; no test here depends on how fast anything is."""
