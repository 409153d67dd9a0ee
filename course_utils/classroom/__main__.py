"""Prepare a course folder for nbgrader: `python -m course_utils.classroom FOLDER 3.2 3.3`."""

import sys
from pathlib import Path

from course_utils.classroom.folder import prepare


def main(words: list[str]) -> None:
    """Write what the named folder lacks, for the named lessons or for all."""
    if not words or words[0].startswith("-"):
        sys.exit("usage: python -m course_utils.classroom FOLDER [LESSON …], such as my-class 3.2")
    try:
        written = prepare(Path(words[0]), words[1:])
    except (ValueError, OSError) as error:
        sys.exit(str(error))
    for file in written:
        print(file)
    if not written:
        print("Everything was there already; nothing was changed.")


if __name__ == "__main__":
    main(sys.argv[1:])
