"""Exercises of lesson 5.7: which tool for what, and what is open?"""

import numpy as np
import torch
from torch.nn.functional import interpolate, pad

from course_utils import models
from course_utils.exercises import agree, exercise

# ---- 5.7.1


def same(ours, theirs, tolerance=1e-5):
    if ours.shape != theirs.shape:
        return False
    return bool((ours - theirs).abs().max() <= tolerance * ours.abs().max())


LARGEST = (39, 3)
"""Where the largest of the drawn logits stands."""


def _logits(size=1.0):
    drawn = torch.randn(50, 10, generator=torch.Generator().manual_seed(0))
    drawn[3, 4] = 0.0
    return size * 10 * drawn / drawn.abs().max()


def _moved(by, *, size=1.0, place=(7, 2)):
    """Logits, and the same with one of them moved by a share of the largest."""
    ours = _logits(size)
    theirs = ours.clone()
    theirs[place] += by * ours.abs().max()
    return ours, theirs


def _one_nan():
    ours, theirs = _moved(0)
    theirs[20, 5] = torch.nan
    return ours, theirs


def _shifted():
    ours = _logits()
    return ours, ours + 0.5


def _seesaw():
    ours, theirs = _moved(1e-3)
    theirs[30, 1] -= 1e-3 * ours.abs().max()
    return ours, theirs


def _infinite():
    ours, theirs = _moved(0)
    theirs[20, 5] = torch.inf
    return ours, theirs


def _negative():
    ours = -_logits().abs()
    theirs = ours.clone()
    theirs[7, 2] += 3e-5
    return ours, theirs


SAME = (
    (lambda: _moved(0), True, "For two equal arrays your check says no. Do you divide by each "
     "logit? One of ours is 0, and 0 / 0 is NaN."),
    (lambda: _moved(1e-3), False, "One logit of 500 is off by a thousandth of the largest, and "
     "your check lets it pass. Look at the largest difference of all numbers; a mean hides it, "
     "and so do the classes."),
    (lambda: _moved(-1e-3), False, "One logit of 500 is too small, by a thousandth of the largest, "
     "and your check lets it pass. A difference may be negative: take its size, `.abs()`."),
    (_shifted, False, "All logits are half a unit too large, and your check lets it pass. The "
     "classes are the same; the numbers are not."),
    (_seesaw, False, "One logit is too large, another too small by as much, and your check lets "
     "it pass: in a sum they cancel. Take the size of each difference, `.abs()`."),
    (_one_nan, False, "One logit is NaN, and your check lets it pass. Every comparison with NaN is "
     "False: ask whether the difference *is* small, not whether it is large."),
    (_infinite, False, "One of theirs is infinite, and your check lets it pass. Do you measure by "
     "the largest of *theirs*? Everything is small beside infinity: take the largest of ours."),
    (lambda: (_logits()[:1].repeat(50, 1), _logits()[:1]), False, "They sent one row for "
     "fifty, and broadcasting hid it. Compare the shapes first."),
    (lambda: (_logits()[:, :1], _logits()[:, :1].T), False, "Theirs is turned, 1 × 50, and your "
     "check lets it pass. Compare the shapes first."),
    (lambda: _moved(1e-3, size=1e-4), False, "With logits of about a thousandth, a difference of "
     "a thousandth of *that* passes. The tolerance is relative to the largest of ours."),
    (lambda: _moved(3e-6, size=1e4), True, "With logits of about a hundred thousand, a difference "
     "of three millionths of *that* is refused. The tolerance is relative to the largest of ours."),
    (lambda: _moved(3e-6, place=(3, 4)), True, "Where our logit is 0, any difference is refused. "
     "Relative to the *largest* of ours, not to each."),
    (lambda: _moved(3e-6), True, "A difference of three millionths is refused, and the tolerance "
     "is ten millionths."),
    (_negative, True, "All of ours are negative here, and a difference of three millionths of the "
     "largest size is refused. The largest *size* counts: `ours.abs().max()`."),
    (lambda: _moved(1.8e-5, place=LARGEST), False, "The largest logit is off by 18 millionths, the "
     "tolerance is ten, and your check lets it pass. `allclose` adds a tolerance of its own "
     "(`rtol=0` stops it); a norm compares sums, not the largest difference."),
)  # fmt: skip
"""What is handed in, whether it is the same, and the remark for who says otherwise."""


def _verdict(found):
    """A bool of Python, NumPy or torch; None for anything else."""
    if isinstance(found, torch.Tensor):
        found = found.numpy()
    found = np.asarray(found)
    return bool(found) if found.dtype == np.bool_ and found.size == 1 else None


@exercise("5.7.1", title="a check that can fail", minutes=10, difficulty=2, solution=same,
          hints=("The largest size of a difference, divided by the largest size of ours, against "
                 "the tolerance.",
                 ("NaN passes", "`not difference > tolerance` is True for NaN. Write it the other "
                  "way round."),
                 ("one row passes", "`ours - theirs` stretches a single row over all. Compare "
                  "`ours.shape` and `theirs.shape` first.")))  # fmt: skip
def _(answer) -> str | None:
    if not callable(answer):
        return "`same` must be a function of ours, theirs and a tolerance."
    for given, wanted, remark in SAME:
        ours, theirs = given()
        try:
            found = answer(ours.clone(), theirs.clone())
        except AssertionError:
            if wanted:
                return remark
            return "Return False where the two differ; your check stopped at an `assert`."
        except Exception as error:
            if ours.shape != theirs.shape:
                continue  # whoever refuses has not been deceived
            return f"For tensors of one shape your check stopped: {type(error).__name__}: {error}"
        if _verdict(found) is None:
            return f"Return True or False; a {type(found).__name__} came."
        if _verdict(found) is not wanted:
            return remark
    ours, theirs = _moved(1e-3)
    if not answer(ours, theirs, tolerance=1e-2):
        return "With a tolerance of 0.01 a difference of 0.001 is refused: use `tolerance`."
    return None


# ---- 5.7.2


def shipped(network):
    def of_bytes(pictures):
        floats = pictures.float() / 255
        return network(pad(floats, (2, 2, 2, 2))[:, None])

    return of_bytes


def _way(*, scale=255.0, around=lambda x: pad(x, (2, 2, 2, 2)), turn=lambda x: x):
    def answer(network):
        return lambda pictures: network(turn(around(pictures.float() / scale))[:, None])

    return answer


SHIPPED = (
    (_way(scale=1.0), "The network gets numbers from 0 to 255; it was trained on 0 to 1."),
    (_way(scale=256.0), "The brightest byte is 255 and must become 1: divide by 255."),
    (_way(around=lambda x: pad(x, (4, 0, 4, 0))), "All the black stands on one side. Two pixels on "
     "*each* side."),
    (_way(around=lambda x: pad(x, (0, 4, 0, 4))), "All the black stands on one side. Two pixels on "
     "*each* side."),
    (_way(around=lambda x: pad(x, (2, 2, 2, 2), value=1.0)), "You padded with white. Black is 0."),
    (_way(around=lambda x: pad(x[:, None], (2, 2, 2, 2), mode="replicate")[:, 0]), "You repeated "
     "the border. Black pixels, 0, are asked for."),
    (_way(around=lambda x: interpolate(x[:, None], (32, 32))[:, 0]), "You stretched the picture to "
     "32 × 32. It was trained on pictures in their size, with black around them."),
    (_way(around=lambda x: pad(x[:, None], (2, 2, 2, 2), mode="reflect")[:, 0]), "You mirrored "
     "the border. Black pixels, 0, are asked for."),
    (_way(around=lambda x: interpolate(x[:, None], (32, 32), mode="bilinear")[:, 0]), "You "
     "stretched the picture to 32 × 32. It was trained on pictures in their size, with black "
     "around them."),
    (lambda network: lambda x: network(pad(x / x.max(), (2, 2, 2, 2))[:, None]), "You divide by "
     "the brightest byte of the batch. A dark picture then turns bright: divide by 255."),
    (lambda network: lambda x: network(pad(x // 255, (2, 2, 2, 2))[:, None].float()), "`//` throws "
     "the greys away: all but 255 become 0. Divide with `/`."),
    (_way(around=lambda x: pad(2 * x - 1, (2, 2, 2, 2))), "Your numbers go from −1 to 1; the "
     "network wants 0 to 1."),
    (_way(around=lambda x: pad(2 * x - 1, (2, 2, 2, 2), value=-1.0)), "Your numbers go from −1 to "
     "1; the network wants 0 to 1."),
    (_way(around=lambda x: pad(1 - x, (2, 2, 2, 2))), "Black and white are exchanged: 0 is black "
     "for the camera, and for the network."),
    (lambda network: lambda x: shipped(network)(x).softmax(1), "These are probabilities. Return "
     "the logits as the network gives them."),
    (_way(turn=lambda x: x.mT), "The picture lies on its side: rows and columns are exchanged."),
    (_way(turn=lambda x: (x - 0.2190) / 0.3318), "You normalise, and the network does so itself, "
     "as its first step. Twice is wrong."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


def network() -> models.SimplifiedCNN:
    """A small network that takes what ours takes, a new one at each call."""
    return models.seeded(models.SimplifiedCNN, 3, channels=(3, 4), hidden=9).eval()


def pictures(count: int, seed: int) -> torch.Tensor:
    """Bytes, n x 28 x 28, unlike when turned, with a bright border."""
    draw = torch.Generator().manual_seed(seed)
    drawn = torch.randint(0, 256, (count, 28, 28), generator=draw, dtype=torch.uint8)
    drawn[:, :9] //= 4
    return drawn // 2 if seed else drawn


def _through(of):
    """From bytes to logits by what an answer makes of the small network."""

    def logits(pictures):
        with torch.no_grad():
            found = of(network())(pictures)
        return torch.from_numpy(found) if isinstance(found, np.ndarray) else found

    return logits


@exercise("5.7.2", title="ship the whole way", minutes=10, difficulty=2, solution=shipped,
          hints=("Three steps: bytes to floats from 0 to 1, a black frame, a channel axis.",
                 "`torch.nn.functional.pad(x, (2, 2, 2, 2))` frames the last two axes.",
                 ("expected input to have 1 channels", "A batch of one channel is n × 1 × 32 × 32: "
                  "`x[:, None]` puts the axis in.")))  # fmt: skip
def _(answer) -> str | None:
    if not callable(answer):
        return "`shipped` must be a function that takes a network."
    if not callable(answer(network())):
        return ("Return a *function* (or a module) from bytes to logits; "
                f"a {type(answer(network())).__name__} came.")  # fmt: skip
    slips = [(_through(wrong), remark) for wrong, remark in SHIPPED]
    return agree(_through(answer), _through(shipped), (pictures(5, 0),), (pictures(2, 1),),
                 slips=slips)  # fmt: skip
