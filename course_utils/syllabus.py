"""The list of lessons: the one place that names them, their order and their files."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"

_FOLDERS = ("1_background", "2_concepts", "3_algorithms", "4_code", "5_trends")


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One lesson of the course.

    Attributes:
        number: chapter and place, such as "3.2".
        title: the question that the lesson answers; the notebook's heading.
        folder: the chapter's folder inside `notebooks/`, "" for none.
        file: the notebook's file name; the lesson exists when its file does.
        minutes: time to read, 0 while the lesson is not written.
        seconds: time to run on 2 processor cores, 0 while the lesson is not written.
        source: the sections of the source documents A and B that it covers.
    """

    number: str
    title: str
    folder: str
    file: str
    minutes: int = 0
    seconds: int = 0
    source: str = ""

    @property
    def key(self) -> str:
        """The number as it stands in file names, such as "3_2"."""
        return self.number.replace(".", "_")

    @property
    def path(self) -> str:
        """The notebook's path inside `notebooks/`, with forward slashes."""
        return f"{self.folder}/{self.file}" if self.folder else self.file

    def exists(self, notebooks: Path = NOTEBOOKS) -> bool:
        """Whether the lesson is written, that is, whether its notebook is there."""
        return (notebooks / self.path).is_file()


# number, topic in the file's name, minutes to read, seconds to run, sections, title
_ROWS = (
    ("0", "start_here", 25, 35, "",
     "Start here: what is left of a network when you take most of it away?"),
    ("1.1", "cost", 30, 60, "A 1 · B 1", "What does a prediction cost?"),
    ("1.2", "wrong_reason", 30, 75, "A 1 · B 1", "Can a network be right for the wrong reason?"),
    ("1.3", "learning", 30, 50, "B 2.1 · B 3.1–3.2 · B 4.1–4.3", "How does a network learn?"),
    ("2.1", "four_ways", 30, 45, "A 2.1 · B 2.1 · B 3.3", "How do four ways shrink one network?"),
    ("2.2", "three_ways", 35, 45, "A 2.2 · B 2.2", "How do three ways explain one network?"),
    ("2.3", "two_sides", 30, 65, "A 2.3", "Is a smaller network a clearer one?"),
    ("3.1", "structure", 30, 65, "A 3.1 · A 2.1.1", "How much structure does a network need?"),
    ("3.2", "quantization", 30, 60, "A 3.2 · B 2.1", "How few bits does a weight need?"),
    ("3.3", "pruning", 30, 60, "A 3.3 · B 2.1", "Which weights can go?"),
    ("3.4", "distillation", 35, 70, "A 3.4 · B 2.1", "What can a student network learn?"),
    ("3.5", "gradients", 35, 80, "A 2.2.1", "Which pixels did the network look at?"),
    ("3.6", "lime", 35, 60, "B 2.2", "Can a simple model stand in for a complicated one?"),
    ("3.7", "shap", 35, 50, "B 2.2", "Who deserves the credit for a prediction?"),
    ("3.8", "words", 35, 50, "A 2.2.2", "Can an explanation in words be true?"),
    ("3.9", "diagnosis", 35, 45, "A 2.2.3", "When is a network wrong, and how?"),
    ("4.1", "smaller_networks", 30, 60, "A 4.1", "How small can a network be by design?"),
    ("4.2", "integer_networks", 30, 80, "A 4.2", "Can a network run on integers alone?"),
    ("4.3", "pruned_networks", 30, 90, "A 4.3", "Is a pruned network smaller, or faster?"),
    ("4.4", "distilled_networks", 25, 105, "A 4.4", "Does a teacher help?"),
    ("4.5", "thousandfold", 30, 70, "A 4.2–4.4 · B 4.3", "Can a network shrink a thousandfold?"),
    ("4.6", "photograph", 30, 60, "B 5 · A 5.5", "Does all this hold for a photograph?"),
    ("5.1", "survival", 30, 40, "A 2.3 · A 5.3", "Do explanations survive compression?"),
    ("5.2", "fusion", 30, 30, "A 2.3 · A 5.3", "Can explaining and compressing help each other?"),
    ("5.3", "automatic", 30, 60, "A 5.4 · A 5.1", "Can a machine choose the method?"),
    ("5.4", "language", 30, 55, "A 5.5 · B 5", "Does it work on language?"),
    ("5.5", "control", 30, 50, "A 5.5", "Can we read what a controller does?"),
    ("5.6", "recommendations", 30, 60, "B 5", "Why was this recommended?"),
    ("5.7", "tools", 30, 40, "B 6 · B 7 · A 5 · B 3.3", "Which tool for what, and what is open?"),
    ("6", "questions_and_answers", 40, 50, "A 6 · B 8", "Questions and answers"),
)

LESSONS: tuple[Lesson, ...] = tuple(
    Lesson(
        number=number,
        title=title,
        folder=next((folder for folder in _FOLDERS if folder[0] == number[0]), ""),
        file=f"{number.replace('.', '_')}_{topic}.ipynb",
        minutes=minutes,
        seconds=seconds,
        source=source,
    )
    for number, topic, minutes, seconds, source, title in _ROWS
)
