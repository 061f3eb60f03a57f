"""Tests of publishing and of the certificate."""
