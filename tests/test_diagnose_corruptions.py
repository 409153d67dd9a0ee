"""Laws of corruptions: strength 0, the same draws, copies, what each does."""

import pytest
import torch
from torchvision.transforms import functional as TF

from course_utils import diagnose

KINDS = list(diagnose.AMOUNTS)


@pytest.fixture
def images():
    made = torch.zeros(12, 1, 32, 32)
    made[:, :, 8:24, 10:20] = torch.linspace(0.3, 1, 10)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_laws_of_all(images, kind):
    before = images.clone()
    assert torch.equal(diagnose.corrupt(images, kind, 0), images)
    one, again, other = (diagnose.corrupt(images, kind, 3, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(one, again) and torch.equal(images, before)
    assert one.shape == images.shape and one.dtype == images.dtype
    assert one.min() >= 0 and one.max() <= 1
    random = kind not in ("blur", "low contrast")
    assert torch.equal(one, other) != random
    strengths = range(1, diagnose.STRENGTHS + 1)
    far = [(diagnose.corrupt(images, kind, k) - images).square().mean() for k in strengths]
    assert all(a < b for a, b in zip([0, *far], far))


def test_noise_has_the_spread_it_says():
    grey = torch.full((4, 1, 32, 32), 0.5)
    for strength, spread in enumerate(diagnose.AMOUNTS["noise"][:2], 1):
        assert diagnose.corrupt(grey, "noise", strength).std().item() == pytest.approx(
            spread, rel=0.05)  # fmt: skip


@pytest.mark.parametrize("strength", [1, 3, 5])
def test_blur_is_torchvisions(images, strength):
    width = diagnose.AMOUNTS["blur"][strength - 1]
    reach = -(-3 * width // 1)
    theirs = TF.gaussian_blur(torch.nn.functional.pad(images, [8] * 4), [int(2 * reach + 1)] * 2,
                              [width] * 2)[:, :, 8:-8, 8:-8]  # fmt: skip
    assert torch.allclose(diagnose.corrupt(images, "blur", strength), theirs, atol=1e-6)


def test_low_contrast_keeps_the_mean(images):
    found = diagnose.corrupt(images, "low contrast", 3)
    assert torch.allclose(found.mean((1, 2, 3)), images.mean((1, 2, 3)), atol=1e-6)
    assert torch.allclose(found.std((1, 2, 3)), 0.5 * images.std((1, 2, 3)), atol=1e-6)


def test_shift_moves_every_image_by_its_pixels_in_one_of_eight_ways(images):
    many = images[:1].expand(64, 1, 32, 32)
    found = diagnose.corrupt(many, "shift", 4)
    wanted = {TF.affine(images[0], 0, [x, y], 1, [0]).numpy().tobytes()
              for x in (-4, 0, 4) for y in (-4, 0, 4) if x or y}  # fmt: skip
    assert {one.numpy().tobytes() for one in found} == wanted


def test_rotation_is_torchvisions_to_either_side(images):
    found = diagnose.corrupt(images, "rotation", 3)
    turned = [TF.rotate(images[:1], angle, TF.InterpolationMode.BILINEAR)[0] for angle in (-15, 15)]
    gaps = torch.stack([(found - one).abs().amax((1, 2, 3)) for one in turned])
    assert gaps.min(0).values.max() < 1e-3
    assert len(gaps.argmin(0).unique()) == 2  # both sides occur


def test_occlusion_paints_one_square_that_lies_inside():
    black = torch.zeros(200, 1, 32, 32)
    found = diagnose.corrupt(black, "occlusion", 3)
    assert ((found == 0.5).sum((1, 2, 3)) == 64).all()
    painted = found.amax((0, 1))
    assert painted.amax(0).min() == painted.amax(1).min() == 0.5  # up to every side


def test_messages(images):
    with pytest.raises(ValueError, match="one of noise, blur.*got 'fog'"):
        diagnose.corrupt(images, "fog", 1)
    with pytest.raises(ValueError, match="from 0 to 5; got 0.5"):
        diagnose.corrupt(images, "noise", 0.5)
