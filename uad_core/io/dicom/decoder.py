"""A program of its own: `decoder.py FOLDER COUNT` turns FOLDER/0001.dcm, ... into raw float64 files beside them.

`pixels` runs it. It imports nothing of this project and has limits, since what it is given may crash it.
"""

import sys
from pathlib import Path

RESULT = "{:04d}.f8"
MAX_MEMORY, MAX_CPU_SECONDS = 2 * 1024**3, 100


def decode(folder: Path, count: int) -> None:
    """Decode the files, by SimpleITK and so by GDCM."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    for number in range(1, count + 1):
        image = sitk.ReadImage(str(folder / f"{number:04d}.dcm"), sitk.sitkFloat64, imageIO="GDCMImageIO")
        sitk.GetArrayFromImage(image).tofile(folder / RESULT.format(number))


if __name__ == "__main__":
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    decode(Path(sys.argv[1]), int(sys.argv[2]))
