"""Series that live on servers, DICOMweb (PS3.18) or the REST API of Orthanc, as files on the disk.

Nothing that a server says is trusted: identifiers are checked before they become part of an address, files get names
of our own, and each is looked at before anybody reads it.
"""
