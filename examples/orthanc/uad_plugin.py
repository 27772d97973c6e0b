"""For Orthanc's Python plugin: every FLAIR series that has come in whole goes through detection, in its own process.

The mask comes back as DICOM SEG and a summary as DICOM SR, each a new series of the same study; both are told from
scans by their modality. Whatever is no FLAIR is left alone. The log says why, and names a series by Orthanc's number
alone. `orthanc.json` shows the settings.
"""

import json
import os
import queue
import subprocess
import tempfile
import threading

import orthanc

SETTINGS = json.loads(orthanc.GetConfiguration())["Uad"]
WAITING = queue.Queue()


def on_change(change, level, resource):
    """Orthanc says that something happened; what takes long is not done here."""
    if change == orthanc.ChangeType.STABLE_SERIES:
        WAITING.put(resource)


def work():
    """One series after the other."""
    while True:
        series = WAITING.get()
        try:
            orthanc.LogWarning(f"uad: series {series}: {detect(series)}")
        except Exception as error:
            orthanc.LogError(f"uad: series {series}: {type(error).__name__}")


def detect(series):
    """What was done with a series, as a sentence."""
    about = json.loads(orthanc.RestApiGet(f"/series/{series}"))
    modality = about["MainDicomTags"].get("Modality")
    if modality != "MR":
        return "Left alone, since it is no MR."
    study = json.loads(orthanc.RestApiGet(f"/studies/{about['ParentStudy']}"))["MainDicomTags"]["StudyInstanceUID"]
    with tempfile.TemporaryDirectory() as out:
        words = [SETTINGS["Python"], "-m", "uad_core", "detect", "--dicomweb", SETTINGS["DicomWeb"], "--study", study,
                 "--series", about["MainDicomTags"]["SeriesInstanceUID"], "--out", out, "--store",
                 *SETTINGS.get("Arguments", [])]  # fmt: skip
        done = subprocess.run(
            words,
            cwd=SETTINGS["Folder"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=dict(os.environ),
        )
    said = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    return said[-1].removeprefix("uad_core: ") if said else f"The process ended with {done.returncode}."


orthanc.RegisterOnChangeCallback(on_change)
threading.Thread(target=work, daemon=True).start()
