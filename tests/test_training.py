"""Laws of the training loop and of evaluation."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import models, training


@pytest.fixture
def small():
    """A tiny network and sets on which training takes a blink."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(96, 1, 8, 8, generator=generator)
    labels = (images.mean((1, 2, 3)) > images.mean()).long()
    torch.manual_seed(0)
    network = models.SimplifiedCNN(channels=(2, 2), hidden=4, size=8, classes=2)
    return network, (images[:64], labels[:64]), (images[64:], labels[64:])


def run(small, **options):
    network, train_set, validation = small
    options = {"epochs": 2, "progress": False, "on": "cpu"} | options
    return training.train(network, train_set, validation, **options)


def test_one_step_is_adams_first_step(small):
    """Adam's first step moves every weight by the learning rate against the gradient's sign."""
    network, (images, labels), _ = small
    before = [p.detach().clone() for p in network.parameters()]
    F.cross_entropy(network(images), labels).backward()
    signs = [p.grad.sign() for p in network.parameters()]
    network.zero_grad()
    run(small, epochs=1, batch_size=64, learning_rate=0.01)
    for old, new, sign in zip(before, network.parameters(), signs, strict=True):
        moved = (old - new.detach()) / 0.01
        clear = moved.abs() > 0.9  # tiny gradients meet Adam's epsilon
        assert torch.equal(moved[clear].sign(), sign[clear]) and moved.abs().max() < 1.001
        assert torch.equal(moved[sign == 0], torch.zeros_like(moved[sign == 0]))


def test_equals_torch_adam_with_a_half_cosine(small):
    import copy
    import math

    network, (images, labels), validation = small
    twin = copy.deepcopy(network)
    training.train(network, (images, labels), validation, epochs=3, batch_size=24, seed=7,
                   learning_rate=0.01, keep="last", progress=False, on="cpu")  # fmt: skip
    optimizer = torch.optim.Adam(twin.parameters(), 0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: 0.5 + 0.5 * math.cos(math.pi * step / 9)
    )
    generator = torch.Generator().manual_seed(7)
    for _ in range(3):
        for rows in torch.randperm(64, generator=generator).split(24):
            optimizer.zero_grad()
            F.cross_entropy(twin(images[rows]), labels[rows]).backward()
            optimizer.step()
            schedule.step()
    for ours, theirs in zip(network.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-7)


def test_same_seed_same_weights_other_seed_other_weights(small):
    import copy

    weights = []
    for seed in (1, 1, 2):
        twin = (copy.deepcopy(small[0]), *small[1:])
        run(twin, seed=seed, batch_size=16, keep="last")
        weights.append(twin[0].fc1.weight.detach().clone())
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_the_loss_is_the_mean_over_images_not_over_batches(small):
    """With batches of 60 and 4, the mean of batch means would weigh the 4 fifteen times."""
    network, (images, _), validation = small
    values = torch.zeros(64)
    values[-4:] = 1
    def loss(model, batch, targets):
        return targets.mean() + 0 * sum(p.sum() for p in model.parameters())
    history = training.train(network, (images, values), validation, epochs=3, batch_size=60,
                             loss=loss, progress=False, on="cpu")  # fmt: skip
    assert history.loss == pytest.approx([4 / 64] * 3)


def test_ends_on_the_best_epoch_or_on_the_last(small):
    import copy

    seen = []
    def remember(model, share):
        seen.append(copy.deepcopy(model.state_dict()))
    history = run(small, epochs=6, batch_size=64, learning_rate=0.05, after_step=remember)
    best = max(range(6), key=lambda e: (history.validation_accuracy[e], -e))
    assert history.kept_epoch == best
    assert torch.equal(small[0].fc2.weight, seen[best]["fc2.weight"])
    accuracy = training.evaluate(small[0], *small[2])
    assert accuracy == max(history.validation_accuracy)
    seen.clear()
    history = run(small, epochs=3, batch_size=64, keep="last", after_step=remember)
    assert history.kept_epoch == 2
    assert torch.equal(small[0].fc2.weight, seen[-1]["fc2.weight"])


def test_epochs_before_a_schedule_has_settled_are_not_the_best(small):
    class Schedule:
        settled = False

        def __call__(self, model, share):
            self.settled = share > 0.5

    accuracies = iter([0.9, 0.8, 0.5, 0.6, 0.6, 0.4])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "evaluate", lambda *_: next(accuracies))
        history = run(small, epochs=6, after_step=Schedule())
    assert history.kept_epoch == 3


def test_the_hook_sees_the_share_of_the_run(small):
    shares = []
    run(small, epochs=2, batch_size=32, after_step=lambda model, share: shares.append(share))
    assert shares == pytest.approx([0.25, 0.5, 0.75, 1.0])


def test_an_interruption_keeps_the_best_so_far(small):
    calls = []
    def stop(model, share):
        calls.append(share)
        if len(calls) == 3:  # in the middle of the second epoch
            raise KeyboardInterrupt
    network = small[0].eval()
    history = run(small, epochs=5, batch_size=32, after_step=stop)
    assert history.interrupted and len(history.validation_accuracy) == 1
    assert training.evaluate(network, *small[2]) == history.validation_accuracy[0]
    assert not network.training


def test_a_crash_gives_the_mode_back_and_is_not_hidden(small):
    def broken(model, images, targets):
        raise ZeroDivisionError("learner's slip")
    small[0].eval()
    with pytest.raises(ZeroDivisionError):
        run(small, loss=broken)
    assert not small[0].training


def test_frozen_parameters_stay(small):
    small[0].conv1.weight.requires_grad_(False)
    before = small[0].conv1.weight.clone()
    run(small)
    assert torch.equal(small[0].conv1.weight, before)


class Flaky(nn.Module):
    """Right in eval mode, wrong in training mode."""

    def forward(self, images):
        logits = F.one_hot(images.flatten(1).sum(1).long() % 3, 3).float()
        return -logits if self.training else logits


def test_evaluation_uses_eval_mode_and_gives_the_mode_back():
    images = torch.arange(7.0).reshape(7, 1, 1, 1)
    labels = torch.tensor([0, 1, 2, 0, 1, 0, 1])  # the last two are wrong
    network = nn.Sequential(Flaky(), nn.Identity()).train()
    network[1].eval()
    assert training.evaluate(network, images, labels) == pytest.approx(5 / 7)
    assert training.evaluate(network, images, labels, batch_size=2) == pytest.approx(5 / 7)
    assert network.training and network[0].training and not network[1].training
    assert training.evaluate(lambda x: Flaky().eval()(x), images, labels) == pytest.approx(5 / 7)


def test_predict_gives_all_rows_in_order_without_gradients(small):
    network, (images, _), _ = small
    logits = training.predict(network, images, batch_size=10)
    assert logits.shape == (64, 2) and not logits.requires_grad
    assert torch.allclose(logits, network.eval()(images), atol=1e-6)


def test_mirror_and_shift_moves_and_mirrors_whole_images():
    image = torch.zeros(1, 1, 8, 8)
    image[0, 0, 3, 3:5] = torch.tensor([1.0, 2.0])
    generator = torch.Generator().manual_seed(0)
    out = torch.cat(
        [training.mirror_and_shift(image.expand(4, -1, -1, -1), generator) for _ in range(100)]
    )
    assert out.shape == (400, 1, 8, 8)
    ones, twos = (out == 1).nonzero(), (out == 2).nonzero()
    assert len(ones) == len(twos) == 400  # nothing is lost or doubled
    assert {tuple(row) for row in ones[:, 2:].tolist()} == {
        (y, x) for y in (2, 3, 4) for x in (2, 3, 4, 5)
    }
    steps = twos[:, 3] - ones[:, 3]
    assert set(steps.tolist()) == {-1, 1} and 0.4 < (steps == 1).float().mean() < 0.6
    assert image.sum() == 3  # the input is untouched
    twin = torch.Generator().manual_seed(0)
    again = training.mirror_and_shift(image.expand(4, -1, -1, -1), twin)
    assert torch.equal(again, out[:4])


@pytest.mark.parametrize(("options", "words"), [
    ({"epochs": 0}, "epochs must be a whole number, 1 or more; got 0"),
    ({"batch_size": 0.5}, "batch_size must be a whole number"),
    ({"learning_rate": 0}, "learning_rate must lie between 0 and 10"),
    ({"keep": "first"}, "keep must be 'best' or 'last'"),
])  # fmt: skip
def test_bad_settings_are_explained(small, options, words):
    with pytest.raises(ValueError, match=words):
        run(small, **options)


def test_sets_of_unequal_lengths_are_explained(small):
    network, (images, labels), validation = small
    with pytest.raises(ValueError, match="train_set has 64 images and 63 targets"):
        training.train(network, (images, labels[1:]), validation, epochs=1)
    with pytest.raises(ValueError, match="64 images came with 63 labels"):
        training.evaluate(network, images, labels[1:])
    with pytest.raises(ValueError, match="no images came"):
        training.evaluate(network, images[:0], labels[:0])
