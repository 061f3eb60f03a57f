"""Tests of the reader of Zeiss CZI."""
