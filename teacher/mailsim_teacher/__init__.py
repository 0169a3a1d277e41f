"""What students do not get: worked solutions, and cells that repairs are judged by unseen."""

from __future__ import annotations

from mailsim_teacher.hidden import HIDDEN
from mailsim_teacher.solving import Solution, right_answer, solutions

__all__ = ["HIDDEN", "Solution", "right_answer", "solutions"]
