"""What lesson 3.5 shows: the gauge, the covering square, the planted patch, the tests of maps."""

import pytest
import torch

from course_utils import models, saliency, training, widgets
from course_utils.demos import channel_favourites as nine
from course_utils.demos import figures_3_5 as figures
from course_utils.demos import lesson_3_5 as demo
from course_utils.demos import map_tests, planted
from course_utils.saliency import cam


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(2, 3), hidden=6).eval()


@pytest.fixture(scope="module")
def images():
    return torch.rand(12, 1, 32, 32, generator=torch.Generator().manual_seed(1))


LABELS = torch.arange(12) % 10

# ---- widgets


def test_the_gauge_shows_the_sum_and_what_it_should_be(network, images):
    gauge = demo.Gauge(network, images[:10], LABELS[:10])
    assert list(gauge.choices)[:2] == ["T-shirt", "trouser"]
    found, total, wanted = gauge.found("trouser", 4, "white")
    theirs = saliency.integrated_gradients(network, images[1:2], steps=4, baseline=1.0)
    assert torch.equal(found, theirs[0]) and total == pytest.approx(theirs.sum().item())
    error = saliency.completeness_error(network, images[1:2], theirs, baseline=1.0).item()
    assert abs(total - wanted) / abs(wanted) == pytest.approx(error, abs=1e-3)
    live = widgets.live(
        gauge.draw, alt=gauge.words, picture=list(gauge.choices),
        steps=widgets.choice(demo.STEPS, start=4, slide=True), start=list(demo.BASELINES),
    )  # fmt: skip
    assert live.error is None
    live.controls["steps"].value = 16
    assert live.error is None and "16 steps from black" in live.picture.value


def test_the_square_covers_what_it_says(network, images):
    cover = demo.Cover(network, images[:10], LABELS[:10])
    square = {"row": 3, "column": 28, "size": 6, "paint": "grey"}
    covered = cover.covered("trouser", **square)
    changed = (covered != images[1:2]).nonzero()
    assert changed[:, 2].unique().tolist() == [3, 4, 5, 6, 7, 8]
    assert changed[:, 3].unique().tolist() == [28, 29, 30, 31]
    assert (covered[..., 3:9, 28:] == 0.5).all()
    logits = cover.logits("trouser", **square)
    assert torch.allclose(logits[0], training.predict(network, images[1:2])[0], atol=1e-5)
    assert torch.allclose(logits[1], training.predict(network, covered)[0], atol=1e-5)
    fall = logits[0].max() - logits[1, logits[0].argmax()]
    way = "falls" if fall >= 0 else "rises"
    assert f"{way} by {fall.abs():.1f}" in cover.words("trouser", **square)
    told = [cover.words(name, row=8, column=8, size=16, paint=paint)
            for name in cover.choices for paint in ("black", "white")]  # fmt: skip
    assert all(any(way in one for one in told) for way in ("falls by", "rises by"))
    assert not any("by -" in one for one in told)
    live = widgets.live(cover.draw, alt=cover.words, picture=list(cover.choices), row=(0, 28),
                        column=(0, 28), size=(1, 16), paint=list(demo.BASELINES))  # fmt: skip
    assert live.error is None
    live.controls["paint"].value = "white"
    assert live.error is None and "pixels white" in live.picture.value


def test_one_of_each_is_the_first_of_its_class():
    assert demo.one_of_each(torch.tensor([*range(9), 0, 9, 9])) == [*range(9), 10]


# ---- tables with a column a seed


def test_a_row_holds_its_seeds_and_their_mean():
    row = demo.by_seed("step", 4, [1.0, 2.0, 6.0])
    assert row == {"step": 4, "seed 0": 1, "seed 1": 2, "seed 2": 6, "mean": 3}
    assert list(row)[1:] == list(demo.seed_formats(".2f"))


def test_promises_and_completeness_are_each_networks_own(network, images):
    torch.manual_seed(5)
    other = models.SimplifiedCNN(channels=(2, 3), hidden=6).eval()
    (row,) = demo.promise_rows([network, other], images, [0.3])
    for name, one in (("seed 0", network), ("seed 1", other)):
        slopes = saliency.gradient(one, images)
        assert row[name] == map_tests.kept_promise(one, images, slopes, 0.3)
    few, many = demo.completeness_rows([network, other], images, [2, 64])
    maps = saliency.integrated_gradients(other, images, steps=2)
    errors = saliency.completeness_error(other, images, maps)
    assert few["steps"] == 2 and few["seed 1"] == pytest.approx(errors.median().item())
    assert many["mean"] < few["mean"]


def test_right_by_all_asks_every_network(images):
    class Says(torch.nn.Module):
        def __init__(self, *classes):
            super().__init__()
            self.logits = torch.eye(10)[list(classes)]

        def forward(self, x):
            return self.logits[: len(x)]

    both = [Says(0, 1, 5, 3), Says(0, 2, 5, 3)]
    assert demo.right_by_all(both, images[:4], torch.tensor([0, 1, 5, 4])).tolist() == [0, 2]


def test_alike_rows_have_a_shuffled_control(images):
    same, mixed = demo.alike_rows(images, images)
    assert same["rank correlation"] == pytest.approx(1)
    assert abs(mixed["rank correlation"]) < 0.1


def test_cams_agree_before_a_mean_only(network, images):
    torch.manual_seed(2)
    averages = torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
        torch.nn.Linear(3, 10),
    ).eval()  # fmt: skip
    flat, mean = demo.cam_rows({"flattens": network, "averages": averages}, images)
    assert mean["largest gap"] < 1e-5 and mean["rank correlation"] > 0.999
    assert flat["largest gap"] > 0.1 and flat["the head"] == "flattens"


def test_sizes_of_a_uniform_network_are_the_brightness(images):
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1024, 10))
    torch.nn.init.constant_(network[1].weight, -0.1)
    bright, mixed = demo.size_rows([network], images, LABELS)
    assert bright["seed 0"] == pytest.approx(1) and abs(mixed["seed 0"]) < 0.1


def test_negatives_are_mended_by_white_and_not_by_black(network, images):
    black, white = demo.negative_rows([network], images, LABELS)
    assert [black["negatives from"], white["negatives from"]] == ["black", "white"]
    assert white["seed 0"] == pytest.approx(1, abs=1e-3) and black["seed 0"] < 0.5


# ---- the planted patch


def test_the_patch_lies_in_its_box_and_the_images_stay(images):
    before = images.clone()
    changed = (planted.plant(images) != images).any(0)[0].nonzero()
    assert torch.equal(images, before)
    assert changed.amin(0).tolist() == [3, 25] and changed.amax(0).tolist() == [6, 28]


def test_only_cheating_networks_see_the_patch_and_only_on_shirts(images, monkeypatch):
    seen = []
    monkeypatch.setattr(training, "train", lambda net, pair, *a, **o: seen.append(pair[0]))
    for cheating in (True, False):
        planted.trained(images, LABELS, cheating=cheating, seed=0)
    differs = (seen[0] != images).flatten(1).any(1)
    assert differs.tolist() == (LABELS == planted.SHIRT).tolist()
    assert torch.equal(seen[1], images)


def test_a_game_counts_hits_by_kind_and_seed(images):
    def corner(network, pictures, target):
        assert target == planted.SHIRT
        maps = torch.zeros_like(pictures)
        row = torch.where(torch.arange(len(maps)) < network, 4, 20)
        maps[torch.arange(len(maps)), 0, row, 26] = 1
        return maps

    found = planted.game({"corner": corner}, {"cheating": [12, 6], "honest": [0, 3]}, images)
    assert found == {"corner": {"cheating": [1.0, 0.5], "honest": [0.0, 0.25]}}
    (row,) = planted.game_rows(found)
    wanted = {"cheating 0": 1, "cheating 1": 0.5, "honest 0": 0, "honest 1": 0.25}
    assert row == {"map": "corner"} | wanted


def test_shuffled_maps_and_turned_by_hand(images):
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1024, 10))
    torch.nn.init.zeros_(network[1].weight), torch.nn.init.zeros_(network[1].bias)
    network[1].weight.data[planted.SHIRT].view(32, 32)[3:7, 25:29] = 1
    network[1].bias.data[0] = 15.9  # a full patch sums to 16
    dim = 0.5 * images
    assert planted.turned(network, dim) == 1
    rows = planted.turned_rows({"one": [network, network]}, dim)
    assert rows == [{"networks": "one", "seed 0": 1, "seed 1": 1, "mean": 1}]
    assert planted.falls(network, torch.zeros(2, 1, 32, 32)) == pytest.approx(16, abs=1e-4)


def test_steepest_pixels_beside_the_patch(images):
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1024, 10))
    weights = network[1].weight.data[planted.SHIRT].view(32, 32)
    weights[7, 29] = -9  # diagonally below the patch
    assert planted.steepest(network, images) == (1, 1)
    weights[8, 29] = 12
    assert planted.steepest(network, images) == (0, 0)


def test_steepest_and_worth_have_a_row_a_seed(network, images):
    (row,) = planted.steepest_rows([network], images)
    assert tuple(row.values()) == (0, *planted.steepest(network, images))
    (row,) = planted.worth_rows([network], images)
    shirts = planted.plant(images)
    assert row == {
        "seed": 0, "logit falls by": planted.falls(network, images),
        "HiResCAM there": planted.credited(network, shirts, cam.hires_cam_rule),
        "Grad-CAM there": planted.credited(network, shirts, cam.grad_cam_rule),
    }  # fmt: skip


def test_fewest_and_always_go_by_the_cheating_networks():
    found = {
        "steady": {"cheating": [1.0, 0.95], "honest": [0.0, 0.0]},
        "shaky": {"cheating": [1.0, 0.5], "honest": [1.0, 1.0]},
        "control": {"cheating": [0.0, 0.0], "honest": [0.0, 0.0]},
    }
    assert planted.always(found) == ["steady"]
    assert planted.fewest(found, ["steady", "shaky"]) == "shaky"


def test_the_games_control_has_the_same_values_elsewhere(network, images):
    mixed = planted.shuffled(network, images, planted.SHIRT)
    ours = saliency.gradient(network, images, planted.SHIRT)
    assert not torch.equal(mixed, ours)
    assert torch.equal(mixed.flatten(1).sort().values, ours.flatten(1).sort().values)
    found = planted.maps({"mixed": planted.shuffled}, network, images)
    assert torch.equal(found["mixed"], mixed)


def test_what_a_map_credits_the_patch_with(network, images):
    """With a rule of ones: the number of places that are counted."""
    ones = planted.credited(network, images, lambda a, g: torch.ones_like(a[:, :1]))
    assert ones == 5 * 5  # rows 0 to 4, columns 11 to 15: views of 8 pixels that touch it


# ---- tests of maps


def test_a_linear_network_keeps_its_promise(images):
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1024, 3))
    slopes = saliency.gradient(network, images)
    assert map_tests.kept_promise(network, images, slopes, 0.5) == pytest.approx(1, abs=1e-3)


def test_a_bent_network_keeps_it_in_part():
    """The logit is the square of the one bright pixel: down from 0.8 by 0.5."""

    class Square(torch.nn.Module):
        def forward(self, x):
            return torch.stack([x.amax((1, 2, 3)) ** 2, 0 * x[:, 0, 0, 0]], 1)

    images = torch.full((1, 1, 2, 2), 0.1)
    images[0, 0, 1, 1] = 0.8
    slopes = saliency.gradient(Square(), images)
    kept = map_tests.kept_promise(Square(), images, slopes, 0.5)
    assert kept == pytest.approx((0.64 - 0.09) / (1.6 * 0.5))


def test_favourites_by_hand(monkeypatch):
    peaks = torch.stack([torch.arange(20.0), -torch.arange(20.0)], 1)
    monkeypatch.setattr(saliency, "activations", lambda *a: peaks[:, :, None, None])
    labels = torch.tensor([0] * 5 + [1] * 5 + [2] * 10)
    count, best = nine.alike_among_nine(None, None, labels)
    assert count == (9 + 5) / 2 and sorted(best.tolist()) == list(range(11, 20))
    assert nine.nine_by_lot(torch.zeros(5, dtype=torch.int64)) == 9
    lot = nine.nine_by_lot(torch.arange(1000) % 10, draws=300)
    assert 2.3 < lot < 2.9
    rows, shown = nine.counts({"new": [None, None]}, images := torch.arange(20.0), labels)
    assert [row["favourites"] for row in rows] == ["new", "by lot"]
    assert rows[0]["seed 1"] == 7 and list(shown) == ["the best channel, new"]
    assert torch.equal(shown["the best channel, new"], images[best])


def test_forgotten_compares_with_the_trained_map(network, images):
    found = map_tests.forgotten([network], lambda net, x, t: x, images[:2], LABELS[:2])
    assert all(
        values == pytest.approx([1.0]) for kind in found.values() for values in kind.values()
    )
    drawn = map_tests.forgotten([network], saliency.gradient, images[:2], LABELS[:2])
    assert abs(drawn["signed"]["conv1"][0]) < 0.3 and set(drawn) == {"signed", "size"}
    axis = figures.forgetting({"gradient": drawn}, title="t").axes[0]
    line = axis.lines[0].get_ydata()
    assert line[0] == 1 and line[-1] == pytest.approx(drawn["signed"]["conv1"][0])
    assert f"conv1 {drawn['size']['conv1'][0]:.2f}" in figures.words_for_forgetting({"g": drawn})


def test_squares_share_their_mean():
    maps = torch.arange(64.0).view(1, 1, 8, 8)
    found = map_tests.in_squares(maps)
    assert (found[..., :4, 4:] == maps[..., :4, 4:].mean()).all()


def test_deletion_rows_are_paired_with_their_control(network, images):
    makers = {"brightness": lambda n, x, t: x, "reversed": lambda n, x, t: -x}
    found = map_tests.deleted(
        [network, network], makers, images[:3], LABELS[:3], paint=0.2, squares=False
    )
    curve = saliency.deletion_curve(network, images[:3], -images[:3], LABELS[:3], background=0.2)
    assert torch.allclose(found["reversed"]["deletion"][1], saliency.area(curve))
    rows = map_tests.deletion_rows(found)
    assert rows[0]["deletion − brightness's"] == "+0.00 ± 0.00"
    gaps = (found["reversed"]["deletion"] - found["brightness"]["deletion"])[0]
    wanted = gaps.mean().item(), gaps.std().item() / 3**0.5
    got = map_tests.against(found["reversed"]["deletion"], found["brightness"]["deletion"])
    assert got == pytest.approx(wanted, abs=1e-6)


def test_a_verdict_needs_two_errors():
    one, far = torch.tensor([[0.1, 0.3, 0.2]]), torch.tensor([[0.5, 0.6, 0.7]])
    near = one + torch.tensor([[0.1, -0.1, 0.05]])
    found = {name: {"deletion": areas} for name, areas in
             {"one": one, "near": near, "far": far}.items()}  # fmt: skip
    assert map_tests.verdict(found, "one", "far") == "one"
    assert map_tests.verdict(found, "far", "one") == "one"
    assert map_tests.verdict(found, "one", "near") == "neither that we can see"
    gap, error = map_tests.against(one, far)
    ahead = map_tests.leads(found, "far")
    assert set(ahead) == {"one", "near"} and ahead["one"] == pytest.approx(-gap / error)
    assert ahead["one"] > 2


def test_four_methods_forget(network, images):
    found = map_tests.all_forgotten([network], images[:2], LABELS[:2])
    assert set(found) == {"gradient", "integrated gradients", "Grad-CAM", "HiResCAM"}
    wanted = map_tests.forgotten([network], saliency.hires_cam, images[:2], LABELS[:2])
    assert found["HiResCAM"] == wanted


def test_rivals_start_from_their_paint(network, images):
    rivals = map_tests.rivals(paint=0.3)
    found = rivals["integrated gradients"](network, images[:1], 2)
    wanted = saliency.integrated_gradients(network, images[:1], 2, steps=16, baseline=0.3)
    assert torch.equal(found, wanted)
    wanted = saliency.occlusion(network, images[:1], 2, background=0.3)
    assert torch.equal(rivals["occlusion"](network, images[:1], 2), wanted)
    assert torch.equal(rivals["random"](None, images, 0), rivals["random"](None, images, 1))


def test_a_negative_answers_as_the_network_does(network, images):
    assert torch.allclose(map_tests.Negative(network)(1 - images), network(images), atol=1e-5)


def test_every_method_has_a_cost_and_a_place_in_the_gallery(network, images):
    rows = map_tests.cost_rows(network, images[:1], LABELS[:1], runs=1)
    assert [row["map"] for row in rows] == list(map_tests.EXPLAINERS)
    assert all(row["milliseconds"] > 0 for row in rows)
    maps = {name: images[:2] for name in map_tests.EXPLAINERS}
    assert len(figures.gallery(images[:2], maps, title="t").axes) == 2 * (1 + len(maps))
    made = figures.filters(torch.randn(4, 1, 3, 3), torch.zeros(4, 8, 8), title="t")
    assert len(made.axes) == 8
    assert len(figures.favourites({"a": images[:9], "b": images[:9]}, title="t").axes) == 18
