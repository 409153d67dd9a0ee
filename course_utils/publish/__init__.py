"""Publish the course: a static site and slides, executed, that open without a network.

`python -m course_utils.publish site` and `… slides` build them; `make site` and `make slides`
install first what that needs. No lesson imports this room.
"""
