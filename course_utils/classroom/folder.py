"""A teacher's course folder: nbgrader's settings, and the lessons to hand out."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from course_utils.syllabus import LESSONS, NOTEBOOKS

# Our stubs are kept as they are: nbgrader's ClearSolutions would put its own in their place.
SETTINGS = '''"""nbgrader's settings for "Small and Clear"; change what your class needs."""

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "small-and-clear"

# A cell may run for so many seconds; a loop that never ends is stopped then.
c.Execute.timeout = 180
c.Execute.iopub_timeout = 60

c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
]
c.Autograde.autograde_preprocessors = [
    "course_utils.classroom.execute.ExecuteOnAfterCrash",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
'''


def prepare(folder: Path, numbers: Sequence[str] = ()) -> list[Path]:
    """Write the settings and the lessons' notebooks that a folder for nbgrader lacks.

    What is there already is left alone: a class may have changed it.

    Args:
        folder: the course folder; made when it is not there.
        numbers: lessons to hand out, such as "3.2"; all when none is named.

    Returns:
        the files that were written.

    Raises:
        ValueError: there is no such lesson.
    """
    lessons = [lesson for lesson in LESSONS if lesson.exists()]
    known = {lesson.number for lesson in lessons}
    if unknown := [number for number in numbers if number not in known]:
        raise ValueError(f"no lesson {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    written = []
    settings = folder / "nbgrader_config.py"
    if not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(SETTINGS, encoding="utf-8")
        written.append(settings)
    for lesson in lessons:
        name = Path(lesson.file).stem
        file = folder / "source" / name / f"{name}.ipynb"
        if (not numbers or lesson.number in numbers) and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(NOTEBOOKS / lesson.path, file)
            written.append(file)
    return written
