"""What never changes from report to report: method, limits, references, the one disclaimer."""

from __future__ import annotations

FOOTER = (
    "Research and education use. Not a medical device. Not validated for diagnosis, screening, or treatment "
    "decisions. Measurements come from 2D video and have errors of about 5 degrees or more; a qualified "
    "clinician must review video and scores."
)

METHOD = (
    "Keypoints of the walking subject are estimated in every frame; points that are not seen stay missing. "
    "Stretches of steady walking in one direction are cut out; sides follow from the walking direction. In "
    "side views of an estimator that it knows, a small network trained on synthetic gait puts the legs right "
    "where they pass each other; the provenance names it where it was used.",
    "Initial contact and toe-off are found by several published detectors, corrected for their known bias "
    "and combined; strides with events that disagree are flagged. 0 % and 100 % of the cycle are contacts "
    "of the same foot.",
    "Angles are angles between body segments in the picture plane. Each limb is measured in the passes in "
    "which it is nearest to the side camera; a value from the far limb is marked as such.",
    "The hip is the thigh against the trunk line plus an assumed neutral pelvic tilt (its value stands below "
    "the curves), because a side view does not show the pelvis; the true offset differs by −5 to +12° from "
    "child to child. The ankle is the "
    "shank against the line from heel to toe, 0° at a right angle.",
    "An EVGS item is scored on the median of the counting strides, rounded to a whole degree. The "
    "probabilities of the scores follow from the standard error of the angle and of the event it is read "
    "at; “borderline” means that a band edge lies within one standard error.",
    "The 2D sagittal profile score is the root mean square of the variable scores named. It has fewer "
    "variables and other definitions than the three-dimensional Gait Profile Score: the published figures "
    "for that do not apply.",
    "The pattern follows the plantarflexor–knee extension couple: mean z-scores of knee and ankle over "
    "20–45 % of the cycle against children of similar walking speed. The probabilities follow from the error "
    "of the measurement and from how much healthy children differ; a pattern that is not probable enough is "
    "not named. It describes a curve; it is not a diagnosis.",
)

LIMITS = (
    "Feet are read less surely than knees: in drawn walkers who keep the heel off the floor (equinus) the foot "
    "was read too flat, and half of the limbs were called normal.",
    "A walk that leaves the picture plane shortens segments and changes angles; rotations of the legs and "
    "the pelvis cannot be seen from the side, and flexion cannot be seen from the front.",
    "Below 60 frames per second, quick events (initial contact, heel rise) are known to one frame at best: "
    "foot pitch turns about 8° in the 30 ms after contact.",
    "Slow walking by itself lowers knee and hip ranges and raises scores: read scores together with the speed.",
    "The kneecap and the hindfoot are not keypoints: knee progression, foot rotation and hindfoot position "
    "are left to a person. The normal bands come from barefoot children without walking aids.",
)

REFERENCES = (
    "Read HS et al. Edinburgh visual gait score for use in cerebral palsy. J Pediatr Orthop 2003;23:296–301.",
    "Schwartz MH, Rozumalski A, Trost JP. The effect of walking speed on the gait of typically developing "
    "children. J Biomech 2008;41:1639–50.",
    "Baker R et al. The Gait Profile Score and Movement Analysis Profile. Gait Posture 2009;30:265–9.",
    "Sangeux M et al. Sagittal gait patterns in cerebral palsy: the plantarflexor–knee extension couple "
    "index. Gait Posture 2015;41:586–91.",
    "Robinson LW et al. The relationship between the Edinburgh Visual Gait Score, the Gait Profile Score "
    "and GMFCS levels I–III. Gait Posture 2017;53:25–8.",
    "Orozco MPD et al. Reliability and validity of the Edinburgh Visual Gait Score. Gait Posture "
    "2016;49:14–18.",
)

VIEWS_NOTE = (
    "Out of plane: largest angle between walking direction and picture plane. Leg points: mean "
    "confidence of hip, knee, ankle, heel and toe, and the share of them seen during the passes."
)

TABLE_NOTE = (
    "Mean ± SD (strides). Symmetry index: difference of the sides over their mean, 0 = symmetric, "
    "positive = left larger; above {usual:g} % in bold; children vary more than adults."
)

SHEET_NOTE = (
    "0 within the normal band · 1 moderate · 2 marked deviation. Value: median ± SD over strides. "
    "P: probability of each score given measurement and event error. <b>≈</b> borderline: a band "
    "edge lies within one standard error."
)
SHEET_LINK_NOTE = "Values lead to their pictures."

PROFILE_NOTE = (
    "Root mean square distance of each mean curve from the normal mean. Bar: as measured. Black "
    "notch: shape only, the constant offset removed; it hides fixed equinus and crouch."
)

PATTERN_NOTE = (
    "Mean z-score of knee flexion and ankle dorsiflexion over 20–45 % of the cycle against children "
    "of similar speed. Large mark: median, small marks: strides. Grey: within ± 1 SD."
)

EVIDENCE_NOTE = (
    "Each picture is of a stride that has the score by itself, where there is one, and is nearest to the "
    "median. Drawn over it: the limb in its colour (left dashed, right solid), "
    "the angle in black, its neutral position dotted."
)
