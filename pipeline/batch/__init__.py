"""The batch converter: an inbox is emptied into a folder that viewers are served from and an archive of originals.

`settings` says what was asked for; `folders` makes the three ready and keeps a second process out; `inbox` finds slides
and `naming` what each is served as; `passing` takes the slides of one look through `exporting` (DICOM to TIFF, a graph)
or a copy, and `settlement` publishes and archives them so that a stop at any moment loses nothing; `watching` looks
again and again.
"""
