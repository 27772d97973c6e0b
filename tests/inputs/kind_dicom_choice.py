"""A study handed in as a whole: the original magnitude FLAIR of the head is taken, with the reason, or none."""

from __future__ import annotations

from tests.support.dicom_files import head, oblique, series
from tests.support.input_case import NOTED, REFUSED
from tests.support.odd_dicom import dicom_case, each

KIND = "DICOM: the wrong series"
TAKEN = ["Of 2 series number", "was taken", "FLAIR"]
UNCLEAR = ["which of them is the FLAIR is not clear", "Pick one"]
EQUAL = ["2 of them are equally good", "Pick one"]
WRONG = ["no scan of the head"]
OTHER = "1.2.9"  # lies before the FLAIR's UID, so that the FLAIR is the second
SAGITTAL = oblique()[:, [1, 2, 0, 3]]
ORIGINAL = ["ORIGINAL", "PRIMARY", "M", "ND"]
TIMING = {"RepetitionTime": 9000, "EchoTime": 90, "InversionTime": 2500}


def beside(own=None, affine=None, size=(12, 10, 20), **fields):
    """The FLAIR with the elements `own`, and a larger series."""
    voxels = head(size, seed=1)
    return lambda folder: series(**(own or {})) + series(voxels, affine, SeriesInstanceUID=OTHER, **fields)


def alone(**fields):
    return lambda folder: series(**fields)


def taken(tried, make):
    return dicom_case(tried, make, NOTED, TAKEN)


def refused(tried, make, words=UNCLEAR):
    return dicom_case(tried, make, REFUSED, words)


def picked(tried, number, right=NOTED, words=("was picked",)):
    def make(folder):
        own, other = series(SeriesNumber=1), series(head(seed=1), SeriesInstanceUID=OTHER, SeriesNumber=2)
        return other + own

    return dicom_case(tried, make, right, words, number)


def named(text, **fields):
    return {"SeriesDescription": text, "ProtocolName": text, **fields}


def broken_off(own):
    """The FLAIR with the elements `own`, and a better one of two slices."""
    return lambda folder: series(head((12, 10, 2), seed=1), SeriesInstanceUID=OTHER) + series(**own)


def renamed(dataset, k):
    dataset.SeriesInstanceUID, dataset.SeriesNumber, dataset.SOPInstanceUID = OTHER, 11, f"{OTHER}.{k + 1}"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID


def rescaled(dataset, k):
    renamed(dataset, k)
    dataset.RescaleSlope, dataset.RescaleIntercept = "2", "0"


SPINE = ("t2_tirm_dark-fluid_sag_hws", "FLAIR_CSP", "flair_cord_sag", "FLAIR_BWS", "flair_iac")
PARTS = ("FLAIR_real", "FLAIR_imag", "FLAIR Imaginary", "ph_FLAIR")
COMPUTED = ("FLAIR_Sub", "flair_Difference", "FLAIR_MIPs", "FLAIR Projection", "flair_T2map")
AGENTS = ("AX FLAIR+C", "AX FLAIR+GD", "FLAIR POSTGAD", "flair_postcontrast", "FLAIR con contraste")
CASES = [
    *(dicom_case(f"a spine or an ear, called {name}", alone(**named(name)), REFUSED, WRONG) for name in SPINE),
    *(dicom_case(f"a part of a complex image, called {name}", alone(**named(name)), REFUSED, WRONG) for name in PARTS),
    *(dicom_case(f"computed, called {name}", alone(**named(name)), REFUSED, WRONG) for name in COMPUTED),
    *(dicom_case(f"after an agent, called {name}", alone(**named(name)), NOTED, ["contrast agent"]) for name in AGENTS),
    *(taken(f"beside a T1 called {name}", beside(**named(name))) for name in ("OAx T1FLAIR", "t1flair_sag")),
    *(dicom_case(f"without an agent, called {name}", alone(**named(name)))
      for name in ("FLAIR without contrast", "AX FLAIR W/O GAD", "pre-Gd FLAIR", "FLAIR_sans_injection")),
    *(taken(f"beside the same after an agent, called {after}", beside(named(before), size=(12, 10, 8), **named(after)))
      for before, after in (("FLAIR pre contrast", "FLAIR post contrast"), ("FLAIR avant inj", "FLAIR apres inj"))),
    dicom_case("of a study's subject 12", alone(**named("sub-12 FLAIR"))),
    taken("sent twice, under other UIDs", lambda folder: series() + each(renamed)),
    refused("beside one like it with another scale", lambda folder: series() + each(rescaled), EQUAL),
    taken("beside more phase images", beside({"ImageType": ORIGINAL}, ImageType=["ORIGINAL", "PRIMARY", "P", "ND"])),
    taken("beside Philips' phase images", beside(ImageType=["ORIGINAL", "PRIMARY", "PHASE MAP", "P", "IR"])),
    taken("beside Philips' real images", beside(ImageType=["ORIGINAL", "PRIMARY", "R_IR", "R", "IR"])),
    taken("beside GE's phase images, by the private element", lambda folder: series() + each(
        lambda dataset, k: dataset.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x2F, "SS", 1),
        series(head((12, 10, 20), seed=1), SeriesInstanceUID=OTHER))),
    taken("beside imaginary images, by ComplexImageComponent", beside(ComplexImageComponent="IMAGINARY")),
    taken("beside a phase series, by its name alone", beside(**named("t2 FLAIR phase"))),
    taken("beside its reformatted images", beside(ImageType=["DERIVED", "SECONDARY", "MPR"], **named("FLAIR cor MPR"))),
    taken("beside a reformatted series, by its name alone", beside(**named("FLAIR tra MPR"))),
    taken("beside a projection", beside(ImageType=["DERIVED", "SECONDARY", "PROJECTION IMAGE"])),
    taken("beside a subtraction", beside(ImageType=["DERIVED", "SECONDARY", "SUBTRACTION"])),
    taken("beside MP2RAGE INV2, whose inversion time is a FLAIR's",
          beside(TIMING, InversionTime=2500, RepetitionTime=5000, EchoTime=2.98, **named("mp2rage_sag_INV2"))),
    taken("beside INV2 that says its timing alone",
          beside(TIMING, InversionTime=2500, RepetitionTime=5000, EchoTime=2.98, **named("brain"))),
    taken("beside pCASL with a label delay of a FLAIR's inversion time",
          beside(InversionTime=1800, EchoTime=14, RepetitionTime=4500, **named("pcasl 3d"))),
    taken("beside pCASL by its image type", beside(ImageType=["ORIGINAL", "PRIMARY", "ASL", "NONE"], **named("ax"))),
    taken("beside a FLAIR of the spine, by its body part", beside(BodyPartExamined="CSPINE")),
    taken("beside a FLAIR of the spine, by its name", beside(BodyPartExamined="HEAD", **named("t2 FLAIR sag c-spine"))),
    taken("beside one after a contrast agent", beside(ContrastBolusAgent="Gadovist")),
    taken("beside one after a contrast agent, by its name", beside(**named("t2 FLAIR tra +C"))),
    taken("beside a T1 FLAIR", beside(InversionTime=860, EchoTime=9, RepetitionTime=2000, **named("ax T1 FLAIR"))),
    taken("beside STIR", beside(InversionTime=220, EchoTime=60, RepetitionTime=5000, **named("stir cor"))),
    taken("beside diffusion", beside(**named("ep2d_diff_3scan_trace"))),
    taken("beside an ADC map", beside(ImageType=["DERIVED", "PRIMARY", "DIFFUSION", "ADC"], **named("adc"))),
    taken("beside a sagittal FLAIR", beside(affine=SAGITTAL)),
    taken("beside a localizer", beside(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])),
    taken("beside a filtered copy", beside(ImageType=["DERIVED", "PRIMARY", "M", "FILTERED"])),
    taken("beside a start that was broken off", beside(size=(12, 10, 4))),
    taken("by its inversion time, beside a T1 without one", beside(TIMING | named("brain 2"), **named("brain 3 t1"))),
    taken("by name and timing, beside one by name", beside(TIMING | named("FLAIR tra"), **named("FLAIR tra"))),
    taken("called TIRM dark-fluid", beside(named("t2_tirm_tra_dark-fluid"), **named("t2_tse_tra"))),
    *(taken(f"an examination called {name}, beside a T2 of it", beside(
        {"ProtocolName": name, **TIMING}, ProtocolName=name, SeriesDescription="Ax T2 FSE", EchoTime=100,
        RepetitionTime=5000, InversionTime=None))
      for name in ("Brain 3D FLAIR", "Stroke DWI MRA FLAIR", "Brain T1 T2 DWI", "C SPINE + BRAIN")),
    *(taken(f"whole, beside {what} that was broken off after two slices", broken_off(**odd)) for what, odd in (
        ("an original", {"own": {"ImageType": ["DERIVED", "PRIMARY", "M"]}}),
        ("one before the agent", {"own": {"ContrastBolusAgent": "Dotarem"}}))),
    *(dicom_case(f"called {name}: a head all the same", alone(**named(name))) for name in (
        "Rochester FLAIR", "Oliver FLAIR", "Columbia study FLAIR", "FLAIR PHASE RL", "Phase III trial FLAIR",
        "sub-CC110033 FLAIR", "FLAIR post surgery")),
    taken("beside a T2 whose protocol says FLAIR", beside(
        TIMING, SeriesDescription="AX T2", ProtocolName="AX T2 FLAIR", EchoTime=100, RepetitionTime=5000)),
    refused("called FLAIR, by its protocol a spine",
            alone(SeriesDescription="FLAIR", ProtocolName="C-SPINE FLAIR"), WRONG),
    dicom_case("called FLAIR, by its protocol after an agent",
               alone(SeriesDescription="AX FLAIR", ProtocolName="AX FLAIR POST GD"), NOTED, ["contrast agent"]),
    *(dicom_case(f"called {name}: no part of a complex image", alone(**named(name))) for name in (
        "AX FLAIR phase swap", "FLAIR no phase wrap", "FLAIR phase A/P", "AX FLAIR real-time", "AX FLAIR, sub-acute")),
    refused("two FLAIRs that say the same", beside(size=(12, 10, 8)), EQUAL),
    refused("two FLAIRs that say the same, one of more slices", beside(affine=oblique(degrees=10)), EQUAL),
    refused("with and without Siemens' distortion correction",
            beside({"ImageType": ORIGINAL}, ImageType=["ORIGINAL", "PRIMARY", "M", "DIS2D"], size=(12, 10, 8)), EQUAL),
    refused("RMS and MEAN of a FLAIR, no original", lambda folder: series(ImageType=["DERIVED", "PRIMARY", "RMS"])
            + series(head(seed=1), ImageType=["DERIVED", "PRIMARY", "MEAN"]), EQUAL),
    refused("the FLAIRs of two visits", beside(StudyInstanceUID="1.2.8"), ["FLAIRs of several visits"]),
    refused("two visits, of which one FLAIR states less",
            beside(TIMING, StudyInstanceUID="1.2.8", StudyDate="20210102"), ["FLAIRs of several visits"]),
    refused("T1 and T2 only", beside(named("t1 mprage"), **named("t2 tse"))),
    refused("a phase series alone", alone(ImageType=["ORIGINAL", "PRIMARY", "P", "ND"]), [*WRONG, "phase"]),
    refused("a spine alone", alone(BodyPartExamined="LSPINE"), [*WRONG, "another part of the body"]),
    refused("a perfusion map alone", alone(ImageType=["DERIVED", "PRIMARY", "CBF"]), [*WRONG, "map"]),
    dicom_case("a T1 alone", alone(**named("t1 mprage")), NOTED, ["By its name or timing the series is no FLAIR"]),
    dicom_case("a FLAIR after a contrast agent alone",
               alone(ContrastBolusAgent="Dotarem"), NOTED, ["contrast agent"]),
    dicom_case("a wrong body part beside a name that says brain",
               alone(BodyPartExamined="SPINE", **named("FLAIR brain"))),
    *(dicom_case(f"called {name}: no part of the body", alone(**named(name)))
      for name in ("FLAIR (leg. study)", "t2 FLAIR arm B", "FLAIR arm 2")),
    refused("an arm alone", alone(**named("t2 arm")), [*WRONG, "another part of the body"]),
    dicom_case("called post-op, without a contrast agent", alone(**named("FLAIR tra post-op"))),
    dicom_case("no name and no timing", alone(SeriesDescription=None)),
    dicom_case("a spine alone, picked all the same", alone(BodyPartExamined="LSPINE"), NOTED, ["read as you asked"], 1),
    picked("of two that say the same, the first is picked", 1),
    picked("a number that there is not", 3, REFUSED, ["Give a number from 1 to 2"]),
    picked("number 0", 0, REFUSED, ["Give a number from 1 to 2"]),
]  # fmt: skip
