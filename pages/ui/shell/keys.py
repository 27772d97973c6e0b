"""Every key of `st.session_state`, of the address and of a browser's memory, each once; not of widgets alone.

A key bound to the address (`bind="query-params"`) is also the parameter's name there: links that people keep hold it.
"""

# the scan, and how it is shown: in the address, shared by pages
SCAN = "scan"
VIEW = "view"
LEVEL = "level"
CONVENTION = "convention"
OPACITY = "opacity"

# the model and the setting: in the address, shared by pages
LEVELS = "levels"
MODEL = "model"
MODELS = "models"
PERCENTILE = "percentile"
ABSOLUTE = "absolute"
THRESHOLD = "threshold"
MEDIAN_SIZE = "median_size"
MIN_LESION_MM3 = "min_lesion_mm3"
EROSION_MM = "erosion_mm"
SIGNED = "signed"
REFERENCE = "reference"
APART = "apart"  # Compare: each model has its own setting

# of this session
BROWSER = "browser"  # its name, where there are no cookies
SCRIPT_RUNS = "runs"  # how often a page's script ran
LEVEL_OF = "level_of"  # the scan that the level was chosen for
VOXEL = "voxel"  # that all views show
PLACE = "place in the scan"  # Scan: atlas mm, the same for all scans, so that they can be compared
COMPLAINT = "complaint"  # about the last upload
THRESHOLD_BOX = "threshold box"
HISTOGRAM = "histogram"
LESIONS = "lesions"
PRESET = "preset"
PRESET_PROBLEM = "preset problem"

# of a browser, in the server's memory
UPLOADED = "uploaded scan"
PREPARE_OPTIONS = "prepare options of"  # and a bundled scan's name

# the lesson
CHAPTER = "chapter"
LESSON_MODEL = "lesson_model"
LESSON_SIGNED = "lesson_signed"
LESSON_MEDIAN = "lesson_median"
LESSON_PERCENTILE = "lesson_percentile"
LESSON_SCAN = "lesson_scan"
LESSON_VOXEL = "lesson_voxel"
LESSON_SLICE = "lesson_slice"
LESSON_PLACE = "lesson_place"
LESSON_PAINT_SLICE = "lesson_paint_slice"
LESSON_MISSED = "lesson_missed"
LESSON_RADIUS = "lesson_radius"
LESSON_SOFTNESS = "lesson_softness"
LESSON_GREY = "lesson_grey"
LESSON_WATCHED = "lesson_watched"
LESSON_WORK = "lesson_work"
LESSON_WALKER = "lesson_walker"
LESSON_GOAL = "lesson_goal"
LESSON_WAY = "lesson_way"
LESSON_SEED = "lesson_seed"

# trainings and evaluations: the run on view, in the address; and why the last one could not be started
RUN = "run"
EVALUATION = "evaluation"
RUN_PROBLEM = "run_problem"

# the forms of a new training and a new evaluation: what is asked -> its widget; those of Evaluate are in the address
TRAIN = {name: f"train_{name}" for name in ("cohorts", "folder", "name", "model", "epochs", "batch_size", "seed",
                                            "minutes", "slab", "schedule")}  # fmt: skip
EVALUATE = {name: f"eval_{name}" for name in ("cohort", "folder", "name", "models", "percentile", "median_size",
                                              "signed", "limit")}  # fmt: skip
# Evaluate
PATIENT = "patient"  # in the address: the evaluation and a number, no name
PATIENT_OF = "patient of"  # and an evaluation's name
EVAL_LEVEL = "eval_level"
EVAL_SCANS = "eval_scans"  # and an evaluation's name, as the next
EVAL_SHOWN = "eval_shown"
EVAL_CLICKED = "eval_clicked"
EVAL_FIGURE = "eval_figure"
EVAL_ALONG = "eval_along"
EVAL_PATIENTS_CHART = "eval_patients_chart"
EVAL_PATIENTS_LIST = "eval_patients_list"
