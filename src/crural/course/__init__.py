"""Is the pain lessening as it should? Pain scores held against the expected course."""

from crural.course.follow_up import (
    CourseVerdict,
    Expected,
    FollowUp,
    Level,
    courses_for,
    expected_at,
    follow_up,
    follow_ups,
    level_of,
    revised,
)
from crural.course.merging import with_diary, with_trial

__all__ = [
    "CourseVerdict",
    "Expected",
    "FollowUp",
    "Level",
    "courses_for",
    "expected_at",
    "follow_up",
    "follow_ups",
    "level_of",
    "revised",
    "with_diary",
    "with_trial",
]
