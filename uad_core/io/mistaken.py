"""What people give by mistake in place of a scan: recognised by its first bytes, with the way out."""

UNPACK = "Unpack it, and give the .nii or .nii.gz file inside."
PICTURE = "This is a picture. Give the scan itself, all slices of it: a .nii.gz file or a DICOM series."
FETCH = "This file stands for a scan that was never fetched (Git LFS, git-annex or DataLad). Fetch it: git lfs pull."
UNKNOWN = "This is no scan that can be read. Give NIfTI (.nii.gz); dcm2niix makes it from DICOM."
SIGNS = {  # (position, bytes) -> sentence
    (128, b"DICM"): "This is a DICOM file. Convert the series to NIfTI with dcm2niix, and give that.",
    (0, b"version https://git-lfs"): FETCH,
    (0, b"/annex/objects/"): FETCH,
    (0, b"../.git/annex/"): FETCH,
    (0, b"<"): "This is a web page, probably the error of a failed download. Download the scan again.",
    (0, b"PK\x03\x04"): "This is a zip archive within another one. Unpack it, and give the .nii.gz file inside.",
    (0, b"\x1f\x8b"): "This file is compressed by gzip twice. Unpack it once, and give the .nii.gz file inside.",
    (0, b"BZh"): f"This file is compressed by bzip2. {UNPACK}",
    (0, b"\xfd7zXZ"): f"This file is compressed by xz. {UNPACK}",
    (0, b"7z\xbc\xaf"): f"This is a 7z archive. {UNPACK}",
    (0, b"Rar!"): f"This is a RAR archive. {UNPACK}",
    (0, b"\x28\xb5\x2f\xfd"): f"This file is compressed by zstd. {UNPACK}",
    (0, b"\x89HDF"): "This is an HDF5 file, such as MINC 2. Convert it to NIfTI, for instance with mnc2nii.",
    (0, b"CDF"): "This is a MINC 1 file. Convert it to NIfTI, for instance with mnc2nii.",
    (0, b"ObjectType"): "This is a MetaImage. Save it as NIfTI or NRRD, for instance with 3D Slicer.",
    (
        0,
        b"# === DATA DESCRIPTION FILE",
    ): "This is a Philips PAR file. Convert it with its REC file by dcm2niix.",
    (0, b"type  ="): "This is an AFNI header. Convert the data set to NIfTI with 3dAFNItoNIFTI.",
    (0, b"\x89PNG"): PICTURE,
    (0, b"\xff\xd8\xff"): PICTURE,
    (0, b"GIF8"): PICTURE,
    (0, b"%PDF"): "This is a PDF. Give the scan itself: a .nii.gz file or a DICOM series.",
}


def looks_like(head: bytes) -> str:
    """A sentence about a file that starts with `head` and is no scan that can be read."""
    return next((text for (start, sign), text in SIGNS.items() if head[start:].startswith(sign)), UNKNOWN)
