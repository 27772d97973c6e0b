"""The text of the lesson: eight chapters, ten minutes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Chapter:
    """One idea, one interaction, one question.

    Attributes:
        name: in the bar of chapters and in the address.
        minutes: that a lecturer needs.
        idea: what it is about.
        todo: what to click.
        question: for the audience.
        answer: to that question, and what to take home.
        notes: for the lecturer.
    """

    name: str
    title: str
    minutes: int
    idea: str
    todo: str
    question: str
    answer: str
    notes: str


CHAPTERS = (
    Chapter(
        name="Idea",
        title="A model that has seen healthy brains only",
        minutes=1,
        idea="The model reconstructs the scan as if the brain were healthy. Where scan and reconstruction differ, "
        "something may be unusual. No lesion was ever labelled for it.",
        todo="Turn the wheel over a picture to go through the slices, drag to change the grey window.",
        question="Which bright spots of the residual are lesions, and which are healthy brain that the model "
        "could not reconstruct?",
        answer="The blue outline is the truth of a bundled, simulated patient. The mask meets part of it and flags "
        "some healthy tissue. **A mask is a place to look, not a finding.**",
        notes="Let the class look at the scan alone first and point at lesions; then name the four pictures in their "
        "order. Another model can be chosen on the left: `dae` gives a blurred brain, so that every fold leaves a "
        "residual; `sae3` reconstructs folds, and lesions with them. "
        "The dark ventricle is flagged because the residual is absolute; choose positive on the left.",
    ),
    Chapter(
        name="Voxel",
        title="The arithmetic of one voxel",
        minutes=1,
        idea="All there is to the residual is one subtraction a voxel. Grey values are scaled so that healthy "
        "tissue lies near 0.5.",
        todo="Click into a picture to choose another voxel.",
        question="What is the residual of a lesion that the model reconstructs perfectly?",
        answer="Zero: it disappears. **The residual does not measure disease. It measures what the model could not "
        "reconstruct.**",
        notes="Choose a voxel within a lesion, one in a fold of the cortex and one in quiet white matter, and let the "
        "class guess each residual before you click. With the positive residual (on the left) only what is too bright "
        "counts; lesions are bright on FLAIR, and it scored higher for every model here.",
    ),
    Chapter(
        name="Median",
        title="A voxel asks its neighbours",
        minutes=1,
        idea="Folds leave thin lines of residual, lesions leave blobs. The median over a small cube removes what is "
        "thin: at least half of the neighbours must agree.",
        todo="Change the size of the cube, and click other voxels.",
        question="A lesion has a radius of 2 mm. How bright must it be to be seen through a cube of 5 x 5 x 5?",
        answer="No brightness helps: it has 33 of the 125 voxels, and 63 are needed. With 2.5 mm it has 81, and its "
        "core comes through. **Every filter costs the smallest lesions.**",
        notes="The picture on the right is the filtered residual. With size 1 both are the same. The count above the "
        "threshold is all that matters: that is why the app needs no median filter and stays live (threshold "
        "decomposition, Fitch, Coyle and Gallagher 1984).",
    ),
    Chapter(
        name="Threshold",
        title="How large is too large? Ask healthy brains",
        minutes=2,
        idea="The same residuals were computed in healthy scans that the model never saw. The threshold is a "
        "percentile of those. No lesion mask is used.",
        todo="Move the percentile and watch mask, line and millilitres.",
        question="What does the 98th percentile flag in a healthy brain?",
        answer="About two per cent of it, by its definition. **A percentile flags its share of every brain; an empty "
        "mask says only that no voxel lies above the threshold.**",
        notes="Go from 90 to 99.9. There is no percentile at which all of the blue outline and nothing else is "
        "filled. Then ask who may choose the percentile: picking it on the truth is what papers call best-case Dice, "
        "and what no user can do.",
    ),
    Chapter(
        name="Paint",
        title="Paint a lesion into a healthy scan",
        minutes=2,
        idea="A lesion with exact truth: place, size, softness and grey are yours. What was flagged before you painted "
        "is not counted.",
        todo="Click to place it, then move its grey and watch who sees it.",
        question="At which grey does each model begin to see it, and which is the last?",
        answer="Model 0, `intensity`, has learnt nothing and still sees bright lesions early. **Any model has to beat "
        "the naked eye's rule: bright is abnormal.**",
        notes="A new place, size or softness makes every model reconstruct the touched slices in twelve greys, which "
        "takes some seconds to half a minute; open this chapter once before the lesson. The grey slider is then live. "
        "The paint has no noise or texture of its own: real lesions of the same grey are a little harder.",
    ),
    Chapter(
        name="Mid-grey",
        title="Why mid-grey lesions vanish",
        minutes=1,
        idea="The residual is the gap between what is there (dashed diagonal) and what the model draws (curves). "
        "At the grey of healthy tissue the two cross, for every model.",
        todo="Hover over the curves; add models in chapter Paint.",
        question="What would the curve of a perfect model look like, and that of one that copies its input?",
        answer="A level line at the healthy grey, and the diagonal itself. A wide bottleneck comes close to the "
        "diagonal: **the better a model reconstructs, lesions included, the less it sees.**",
        notes="Cover the curves and let the class draw the two extremes on the board first. Lesions as grey as cortex "
        "leave no residual in any such model; a contrast is needed in which they differ.",
    ),
    Chapter(
        name="Latent",
        title="What lies in the bottleneck",
        minutes=1,
        idea="A code is a point; between the codes of two slices lie codes of slices that nobody has. "
        "A VAE is trained so that they look like brains, too.",
        todo="Walk with the slider; hold it against the plain fade. Then draw brains from nothing.",
        question="Does the walk move anatomy, or only fade one picture into the other? And where do the codes of "
        "brains lie?",
        answer="A spatial code is a small picture, so its walk is close to a fade. What these models draw from their "
        "prior is no brain; from around real codes it is. **The codes do not lie where the prior says, and a "
        "picture that looks right is to be held against a trivial rival.**",
        notes="Compare `dvae` (512 numbers) with `svae` (16 x 16 x 64). The prior had a small weight in training "
        "(lambda 0.01), for sharper pictures. AnoGAN has no encoder: it searches for the nearest slice among those it "
        "can draw, which cannot work while it draws none.",
    ),
    Chapter(
        name="Limits",
        title="Where it fails, in figures",
        minutes=1,
        idea="On real scans most of these models lose to model 0, which ranks voxels by brightness.",
        todo="Hold every bar against `intensity`.",
        question="Would you trust a model whose paper does not show this bar?",
        answer="**Ask for the trivial baseline, for a threshold that no test label has touched, and for the data that "
        "the model has never seen.**",
        notes="The figures are those of the README, where conditions and what did not reproduce stand. For another "
        "ten minutes: page Compare, on the class's own scans.",
    ),
)
