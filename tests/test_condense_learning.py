"""Laws of learned labels and images, of their scores, and of their files."""

import pytest
import torch
from torch import nn

from course_utils import condense, data, models, training
from course_utils.recipes import condensed as recipes


def stripes(count, *, seed=0):
    """Images 1 x 8 x 8 of two classes: bright above or bright below, with noise."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    images = torch.rand(count, 1, 8, 8, generator=generator) * 0.7
    images[labels == 0, :, :4] += 0.3
    images[labels == 1, :, 4:] += 0.3
    return images, labels


def fresh():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 2))


@pytest.fixture(scope="module")
def real():
    images, labels = stripes(400)
    return images, condense.centred(labels, classes=2)


@pytest.fixture(scope="module")
def start():
    images = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(9))
    return images, condense.centred(torch.tensor([0, 1]), classes=2)


def learned(start, real, **options):
    settings = {"fresh": fresh, "steps": 60, "batch_size": 100, "networks": 3, "progress": False}
    return condense.learn(*start, real, **{**settings, **options})


# ---- labels


def test_solved_labels_are_the_least_squares_answer(real):
    images, one = real[0][:5], torch.nn.Flatten()
    network = nn.Sequential(one, nn.Linear(64, 2))
    found = condense.solve_targets(
        images, real, fresh=lambda: network, networks=1, batch_size=5000, ridge=1e-6
    )
    x, new = images.flatten(1), real[0].flatten(1)
    reading = condense.ridge_predict(x, torch.eye(5), new, ridge=1e-6)
    wanted = torch.linalg.lstsq(reading, real[1]).solution
    assert torch.allclose(found, wanted, atol=0.05)  # 5,000 draws with replacement, not 400


def test_solved_labels_find_the_classes_by_themselves(real):
    """Nobody tells which image shows what: the labels that teach best say it."""
    images, hard = (part[:6] for part in real)
    solved = condense.solve_targets(images, real, fresh=fresh, networks=20)
    assert torch.equal(solved.argmax(1), hard.argmax(1))
    error = {
        name: sum(
            (condense.ridge_predict(condense.features(n, images), t, condense.features(n, real[0]))
             - real[1]).square().sum(1).mean().item()
            for n in (models.seeded(fresh, s) for s in range(5))) / 5
        for name, t in (("solved", solved), ("turned", solved.flip(0)), ("none", 0 * solved))
    }  # fmt: skip
    assert error["solved"] < 0.4 * error["none"] < error["none"] < error["turned"]


# ---- learning


@pytest.mark.parametrize("ages", [0, 2])
def test_learned_images_teach_what_noise_does_not(real, start, ages):
    kept = [part.clone() for part in (*start, *real)]
    made = learned(start, real, ages=ages)
    held_out = stripes(200, seed=1)
    for protocol, how in (("ridge", {}), ("train", {"steps": 60})):
        before, after = (
            sum(condense.score(*some, held_out, fresh=fresh, protocol=protocol, **how)) / 3
            for some in (start, made)
        )
        assert after > 0.95 and after > before + 0.1
    assert all(torch.equal(a, b) for a, b in zip((*start, *real), kept, strict=True))
    assert made[0].min() >= 0 and made[0].max() <= 1 and not made[0].requires_grad


def test_a_rate_of_0_leaves_a_part_alone(real, start):
    images, targets = learned(start, real, steps=5, image_rate=0.0)
    assert torch.equal(images, start[0]) and not torch.equal(targets, start[1])
    images, targets = learned(start, real, steps=5, target_rate=0.0)
    assert torch.equal(targets, start[1]) and not torch.equal(images, start[0])


def test_learning_hangs_on_the_seed_alone(real, start):
    state = torch.get_rng_state()
    one, again, other = (learned(start, real, steps=8, ages=1, seed=s) for s in (0, 0, 1))
    assert torch.equal(one[0], again[0]) and not torch.equal(one[0], other[0])
    assert torch.equal(torch.get_rng_state(), state)


def test_networks_are_replaced_and_trained_at_most_so_long(real, start, monkeypatch):
    born, ages = [], []
    make = lambda: born.append(fresh()) or born[-1]  # noqa: E731
    learned(start, real, fresh=make, steps=10, networks=2, renew_every=4)
    assert len(born) == 4  # two to begin with, one each at steps 4 and 8
    monkeypatch.setattr(training, "train", lambda *sets, epochs, **how: ages.append(epochs))
    learned(start, real, steps=41, networks=1, renew_every=1, ages=3)
    assert set(ages) == {1, 2, 3} and 20 < len(ages) < 41  # about a quarter is not trained


@pytest.mark.parametrize(("change", "words"), [
    ({"targets": torch.tensor([0, 1])}, r"condense.centred\(labels\)"),
    ({"real": (torch.rand(4, 1, 8, 8), torch.tensor([0, 1, 0, 1]))}, "Class indices"),
    ({"steps": 0}, "1 or more; got 0"),
    ({"image_rate": -1.0}, "image_rate=-1.0"),
])  # fmt: skip
def test_messages_of_learning(real, start, change, words):
    arguments = {"images": start[0], "targets": start[1], "real": real, "steps": 1, **change}
    with pytest.raises(ValueError, match=words):
        condense.learn(**arguments, fresh=fresh)


# ---- scoring


def test_the_student_sees_nothing_but_the_set(start):
    state = torch.get_rng_state()
    one, again, other = (
        condense.student(*start, fresh=fresh, seed=s, steps=40, learning_rate=0.01)
        for s in (0, 0, 1)
    )
    assert torch.equal(torch.get_rng_state(), state) and not one.training
    assert torch.equal(one[1].weight, again[1].weight)
    assert not torch.equal(one[1].weight, other[1].weight)
    assert condense.squared_error(one, *start).item() < 0.01


def test_judges_by_hand():
    guess, wanted = torch.tensor([[0.3, 0.1]]), torch.tensor([[0.5, -0.5]])
    assert condense.squared(guess, wanted).item() == pytest.approx(0.2**2 + 0.6**2)
    both = condense.squared(guess.repeat(2, 1), torch.cat([wanted, guess]))
    assert both.item() == pytest.approx(0.2)  # a mean over images
    logits = 10 * guess
    by_hand = torch.log(1 + (logits[0, 1] - logits[0, 0]).exp())
    assert condense.classified(guess, wanted).item() == pytest.approx(by_hand.item(), rel=1e-5)
    assert condense.classified(guess, wanted, scale=0.0).item() == pytest.approx(0.6931, abs=1e-4)


def test_squared_error_is_a_mean_over_images():
    logits = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    found = condense.squared_error(nn.Identity(), logits, torch.zeros(2, 2))
    assert found.item() == (1 + 4) / 2


def test_scores_come_one_a_seed_and_hang_on_it(real, start):
    held_out = stripes(100, seed=2)
    for protocol, how in (("ridge", {"networks": 2}), ("train", {"steps": 3})):
        three = condense.score(
            *start, held_out, fresh=fresh, protocol=protocol, seeds=(5, 5, 6), **how
        )
        assert three[0] == three[1] and len(three) == 3 and all(0 <= one <= 1 for one in three)
    with pytest.raises(ValueError, match="'ridge' or 'train'; got 'krr'"):
        condense.score(*start, held_out, fresh=fresh, protocol="krr")
    with pytest.raises(ValueError, match="nothing is trained in protocol 'ridge'; got steps"):
        condense.score(*start, held_out, fresh=fresh, protocol="ridge", steps=3)


def test_networks_side_by_side_add_their_kernels(start):
    from course_utils.condense import scoring

    pair = [models.seeded(fresh, s) for s in (0, 1)]
    together = scoring._side_by_side(pair, start[0])
    alone = [condense.features(one, start[0]) for one in pair]
    assert torch.allclose(together @ together.T, sum(f @ f.T for f in alone), atol=1e-5)


# ---- files


def test_a_file_keeps_images_to_half_a_grey_step_and_targets_to_half_a_code(tmp_path):
    generator = torch.Generator().manual_seed(0)
    images, targets = (torch.rand(20, 1, 28, 28, generator=generator),
                       torch.randn(20, 10, generator=generator))  # fmt: skip
    path = condense.save_set(images, targets, tmp_path / "some.safetensors")
    back = condense.load_set(path)
    assert (back[0] - images).abs().max() <= 0.5 / 255 + 1e-6
    assert (back[1] - targets).abs().max() <= targets.abs().max() / 254 + 1e-6
    assert path.stat().st_size <= 20 * (784 + 10) + 300
    again = condense.save_set(*back, tmp_path / "again.safetensors")
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("harm", [
    lambda raw: raw[:200], lambda raw: b"", lambda raw: raw.replace(b"set/1", b"set/9"),
    lambda raw: raw.replace(b"scale", b"skale"), lambda raw: b"PK" + raw,
])  # fmt: skip
def test_a_damaged_file_is_told(tmp_path, harm):
    path = condense.save_set(torch.rand(2, 1, 8, 8), torch.rand(2, 2), tmp_path / "a.safetensors")
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(condense.CondensedFileError, match="a.safetensors does not hold a small"):
        condense.load_set(path)


def test_a_network_is_no_set(tmp_path):
    with pytest.raises(condense.CondensedFileError, match="its format is"):
        condense.load_set(data.folder() / "networks" / "SimplifiedCNN-narrow.safetensors")


@pytest.mark.parametrize(("images", "targets", "name", "words"), [
    (torch.rand(2, 1, 4, 4), torch.tensor([0, 1]), "a.safetensors", "targets n x class"),
    (torch.rand(2, 1, 4, 4) + 1, torch.rand(2, 2), "a.safetensors", r"lie in \[0, 1\]"),
    (torch.rand(2, 1, 4, 4), torch.rand(2, 2), "a.npz", "ends in .safetensors"),
])  # fmt: skip
def test_what_cannot_be_a_set_is_refused(tmp_path, images, targets, name, words):
    with pytest.raises(ValueError, match=words):
        condense.save_set(images, targets, tmp_path / name)


def test_an_unknown_name_lists_the_committed_sets():
    with pytest.raises(FileNotFoundError, match="Fashion-100"):
        condense.load_set("Fashion-7")


# ---- what is committed


@pytest.mark.parametrize(("name", "count", "size"), [
    ("MNIST-10", 10, 28), ("Fashion-10", 10, 32), ("Fashion-100", 100, 32),
])  # fmt: skip
def test_committed_sets_stand_class_by_class(name, count, size):
    images, targets = condense.load_set(name)
    assert images.shape == (count, 1, size, size) and targets.shape == (count, 10)
    rows = torch.arange(10).repeat_interleave(count // 10)
    assert (targets.argmax(1) == rows).float().mean() >= 0.7  # some say another class by now
    assert condense.set_path(name).stat().st_size <= count * (size**2 + 10) + 300
    assert 10 * recipes.PLANS[name].per_class == count


def test_the_committed_ten_teach_random_networks_what_real_ten_do_not():
    train, held_out = data.mnist("train", limit=2000), data.mnist("validation", limit=500)
    rows = condense.herding(train[0], train[1], per_class=1)
    real_ten = train[0][rows], condense.centred(train[1][rows])
    how = {"fresh": condense.random_convnet, "protocol": "ridge", "networks": 2, "seeds": (0, 1)}
    learned_ten, herded = (
        min(condense.score(*some, held_out, **how))
        for some in (condense.load_set("MNIST-10"), real_ten)
    )
    assert learned_ten > 0.86 and learned_ten > herded + 0.1


def test_a_recipe_learns_what_its_settings_say(monkeypatch):
    seen = {}
    monkeypatch.setattr(condense, "learn", lambda *sets, **how: seen.update(how, sets=sets) or sets)
    small = recipes.Plan(
        lambda split: data.mnist(split, limit=300), 2, condense.random_convnet,
        {"steps": 7, "ridge": 0.5},
    )  # fmt: skip
    monkeypatch.setitem(recipes.PLANS, "small", small)
    images, targets, real = recipes.learned_set("small", progress=False)
    assert len(images) == len(targets) == 20 and len(real[0]) == 300
    assert seen["steps"] == 7 and seen["ridge"] == 0.5
    solved = condense.solve_targets(images, real, fresh=condense.random_convnet, ridge=0.5)
    assert torch.equal(targets, solved)
    with pytest.raises(ValueError, match="no plan for 'MNIST-11'; there are: MNIST-10"):
        recipes.learned_set("MNIST-11")
