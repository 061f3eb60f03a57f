"""The scanner (PS3.3 C.7.5.1, C.7.5.2). The converter is named in the file meta information and nowhere else."""

from pydicom import Dataset

from pipeline.model.metadata import SlideMetadata


def equipment(metadata: SlideMetadata) -> Dataset:
    """Return the General and the Enhanced General Equipment module; the latter makes its four attributes type 1."""
    module = Dataset()
    module.Manufacturer = metadata.manufacturer
    module.ManufacturerModelName = metadata.manufacturer_model_name
    module.DeviceSerialNumber = metadata.device_serial_number
    module.SoftwareVersions = list(metadata.software_versions)
    if metadata.institution_name:
        module.InstitutionName = metadata.institution_name
    return module
