"""Where the patient stands on the ladder of treatment, and what comes next.

`precautions` says what bars a treatment, `options` weighs the treatments of a rung, `position`
finds the rung, `plan` puts the ladders of several causes together.
"""

from crural.ladder.options import Option, OptionVerdict
from crural.ladder.plan import TreatmentPlan, plan_of
from crural.ladder.position import LadderPosition, RungPosition, RungState, position_on
from crural.ladder.precautions import Warned, cautions_of_drugs, precautions_of

__all__ = [
    "LadderPosition",
    "Option",
    "OptionVerdict",
    "RungPosition",
    "RungState",
    "TreatmentPlan",
    "Warned",
    "cautions_of_drugs",
    "plan_of",
    "position_on",
    "precautions_of",
]
