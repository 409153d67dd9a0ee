"""Lesson 2.2: which explanation for whom, and the documents' methods sorted."""

from __future__ import annotations

GUIDE = (
    ("the person judged", "what would have changed the answer", "a sentence that was executed",
     "whether the answer was right"),
    ("the developer", "where it fails, and how often", "diagnosis, then maps of the failures",
     "why a single answer came out"),
    ("the auditor", "the same reason for the same case, on paper", "a glass box, read off",
     "whether its reasons are causes"),
    ("the scientist", "which measurements carry information", "importance, over resamples",
     "what happens when one is changed in the world"),
    ("the user at the screen", "whether to trust this one answer", "a map with its control",
     "what the network would do elsewhere"),
)  # fmt: skip
"""Who asks, what they need, which explanation serves, what it cannot tell."""

METHODS = (
    ("linear, logistic regression", "线性回归", "global and local", "read off", "itself", "2.2"),
    ("decision tree", "决策树", "global and local", "read off", "itself", "2.2"),
    ("feature importance", "特征重要性分析", "global", "after the fact", "any model", "3.7"),
    ("maps, filters", "模型可视化", "local", "after the fact", "networks", "3.5"),
    ("LIME", "LIME", "local", "after the fact", "any model", "3.6"),
    ("SHAP", "SHAP", "local", "after the fact", "any model", "3.7"),
    ("sentences", "文本解释", "local", "after the fact", "any model", "3.8"),
    ("diagnosis", "模型诊断", "global", "after the fact", "any model", "3.9"),
)  # fmt: skip
"""Method, the documents' word, reach, how it is made, for which models, the lesson."""

_GUIDE_HEADS = ("who asks", "needs to know", "serve", "it cannot tell")
_METHOD_HEADS = ("method", "documents' word", "reach", "made", "works on", "lesson")


def guide() -> list[dict[str, str]]:
    """The decision guide as rows for `lesson.table`."""
    return [dict(zip(_GUIDE_HEADS, row, strict=True)) for row in GUIDE]


def methods() -> list[dict[str, str]]:
    """The documents' methods as rows for `lesson.table`."""
    return [dict(zip(_METHOD_HEADS, row, strict=True)) for row in METHODS]
