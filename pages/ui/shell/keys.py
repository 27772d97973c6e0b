"""Every key of `st.session_state`, of the address and of a browser's memory, each once; not of widgets alone.

A key bound to the address (`bind="query-params"`) is also the parameter's name there: links that people keep hold it.
"""

# the scan, and how it is shown: in the address, shared by pages
SCAN = "scan"
OWN_SCAN = "own_scan"  # number of the one of the user's that is looked at; not in the address
VIEW = "view"
LEVEL = "level"
CONVENTION = "convention"
OPACITY = "opacity"

# the model and the setting: in the address, shared by pages
LEVELS = "levels"
MODEL = "model"
MODELS = "models"
PERCENTILE = "percentile"
SUITED = "suited"  # and the key of a slider: what suited the model chosen last; None once it was moved
ABSOLUTE = "absolute"
THRESHOLD = "threshold"
DISCOVERY = "discovery"  # whether a false-discovery rate stands in the percentile's place
DISCOVERY_RATE = "discovery_rate"
LOOK = "look"
MEDIAN_SIZE = "median_size"
MIN_LESION_MM3 = "min_lesion_mm3"
EROSION_MM = "erosion_mm"
SIGNED = "signed"
REFERENCE = "reference"
LEFT_BEHIND = "models before the levels were changed, and since"
APART = "apart"  # Compare: each model has its own setting

# of this session
VISITOR = "visitor"  # whose session it is
SCRIPT_RUNS = "runs"  # how often a page's script ran
LEVEL_OF = "level_of"  # the scan that the level was chosen for
VOXEL = "voxel"  # that all views show
PLACE = "place in the scan"  # Scan: atlas mm, the same for all scans, so that they can be compared
COMPLAINT = "complaint"  # about the last upload
THRESHOLD_BOX = "threshold box"
HISTOGRAM = "histogram"
ANSWERS = "histogram answers"  # to how many moves of its line the server has answered
LESIONS = "lesions"
REGION = "region"  # number of the one that `[` and `]` went to last
STROKE = "last stroke taken"
EDIT_PROBLEM = "edit problem"
SENSITIVITY = "sensitivity asked for"
SENSITIVITY_CLICK = "sensitivity clicked"  # and not yet taken for the setting that it came with
CHANGES = "changes"
FOLLOW_UP = {name: f"follow_{name}" for name in ("percentile", "median")}  # in the address
PRESET = "preset"
PRESET_PROBLEM = "preset problem"

# of a browser, in the server's memory
UPLOADED = "uploaded scans"
UNDECIDED = "uploaded series"  # of which none is picked yet
SECOND = "later scan of the same person"
EDITS = "edits of"  # and a scan's key
PREPARE_OPTIONS = "prepare options of"  # and a bundled scan's name

# the lesson: what it keeps -> its key
CHAPTER = "chapter"
LESSON = {name: f"lesson_{name}" for name in ("model", "signed", "median", "percentile", "scan", "voxel", "slice",
                                              "place", "paint_slice", "missed", "radius", "softness", "grey", "watched",
                                              "work", "swept", "walker", "goal", "way", "seed")}  # fmt: skip

# trainings and evaluations: the run on view, in the address; and why the last one could not be started
RUN = "run"
EVALUATION = "evaluation"
CALIBRATION = "calibration"
RUN_PROBLEM = "run_problem"

# the forms of a new training and a new evaluation: what is asked -> its widget; those of Evaluate are in the address
TRAIN = {name: f"train_{name}" for name in ("cohorts", "folder", "name", "model", "epochs", "batch_size", "seed",
                                            "minutes", "slab", "schedule")}  # fmt: skip
CALIBRATE = {name: f"calibrate_{name}" for name in ("model", "folder")}
EVALUATE = {name: f"eval_{name}" for name in ("cohort", "folder", "name", "models", "percentile", "median_size",
                                              "signed", "limit", "look", "false_discovery")}  # fmt: skip

CHOOSE = {name: f"choose_{name}" for name in ("cohort", "folder", "models")}
CHOOSE_ASKED = "settings asked for"

# the results of an evaluation
RESULTS = {name: f"eval_{name}" for name in ("level", "scans", "shown", "clicked", "figure", "along", "patients_chart",
                                             "patients_list", "every")}  # fmt: skip
PATIENT = "patient"  # in the address: the evaluation and a number, no name
PATIENT_OF = "patient of"  # and an evaluation's name
