"""Is the pain lessening as it should? Pain scores held against the expected course."""

from crural.course.follow_up import (
    CourseVerdict,
    Expected,
    FollowUp,
    Level,
    courses_for,
    expected_at,
    follow_up,
    level_of,
    revised,
)

__all__ = [
    "CourseVerdict",
    "Expected",
    "FollowUp",
    "Level",
    "courses_for",
    "expected_at",
    "follow_up",
    "level_of",
    "revised",
]
