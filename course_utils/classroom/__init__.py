"""The course in a class: exercises handed in, collected and graded with nbgrader.

`cells` writes nbgrader's metadata into the notebooks, `folder` prepares a teacher's course
folder, `execute` runs what was handed in and survives what learners write.
"""
