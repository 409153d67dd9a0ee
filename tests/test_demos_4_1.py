"""What lesson 4.1 shows: listings built as printed, bodies and heads, and clothes that move."""

import pytest
import torch

from course_utils import measure, models, paired, plots, scoreboard, training, widgets
from course_utils.demos import figures_4_1 as figures
from course_utils.demos import lesson_4_1 as demo
from course_utils.demos import listings, moving


@pytest.fixture(scope="module")
def resnet():
    torch.manual_seed(0)
    return models.ResNet(channels=(4, 6, 8)).eval()


# ---- the listings


@pytest.mark.parametrize("one", listings.LISTINGS, ids=lambda one: one.section)
def test_printed_layers_have_the_listings_parameters(one):
    assert measure.parameters(demo.as_printed(one)) == listings.parameters(one)


def test_the_printed_simplified_cnn_computes_what_ours_computes():
    """Ours normalises first; the document's listing does not."""
    printed, ours = demo.as_printed(listings.LISTINGS[0]), models.SimplifiedCNN().eval()
    ours.load_state_dict(printed.state_dict(), strict=False)
    images = torch.rand(3, 1, 32, 32)
    assert torch.allclose(printed(ours.normalize(images)), ours(images), atol=1e-6)


def test_sides_taken_names_those_that_run():
    printed = demo.as_printed(listings.LISTINGS[2])
    assert demo.sides_taken(printed, (28, 32, 63, 64, 71, 72)) == [64, 71]
    assert demo.sides_taken(demo.as_printed(listings.LISTINGS[0])) == [32]


def test_a_promise_beside_what_is_built():
    row = demo.promised(listings.LISTINGS[2])
    assert row["layers"] == 5 and row["parameters"] == 549_002
    assert row["image sides it takes"] == "64" and row["class"] == "ResNet"


def test_other_errors_than_a_wrong_size_are_not_swallowed():
    class Broken(torch.nn.Module):
        def forward(self, images):
            raise KeyError("a slip")

    with pytest.raises(KeyError):
        demo.sides_taken(Broken())


# ---- counts


def test_layers_on_the_way(resnet):
    assert demo.weighted(resnet) == 8 and demo.weighted(models.ResNet(skip=False)) == 8
    assert demo.weighted(models.SimplifiedCNN()) == 4 and demo.weighted(models.ShallowCNN()) == 2


def test_calls_by_hand(resnet):
    assert demo.calls(models.ShallowCNN()) == 6  # normalise, conv, relu, pool, flatten, linear
    # 5 before the blocks, 6 in each, 2 that fit, 3 behind
    assert demo.calls(resnet) == 5 + 3 * 6 + 2 + 3


def test_words_and_rows():
    gap = paired.Paired(images=1000, lost=30, won=10, changed=50)
    assert demo.points(gap) == "-2.0 ± 0.6 points"
    assert demo.plus(1.26, 0.04) == "+1.3 ± 0.0"
    assert demo.parts("n", 3, 4) == {"network": "n", "body": 3, "head": 4, "all": 7}


@pytest.mark.parametrize(
    ("network", "head"),
    [
        (models.SimplifiedCNN(), 262_272 + 1_290),
        (models.ShallowCNN(), 10_250),
        (models.ResNet(channels=(4, 6, 8)), 90),
    ],
)
def test_body_and_head_sum_to_all(network, head):
    body, found = demo.body_and_head(network)
    assert found == head and body + found == measure.parameters(network)


def test_a_bill_of_the_reference_itself_is_one(resnet):
    images = torch.rand(4, 1, 32, 32)
    found = demo.bill(resnet, resnet, images)
    assert list(found)[2:4] == ["memory, batch of 4", "time, batch of 4"]
    assert list(found.values())[:3] == [1, 1, 1]
    other = demo.bill(models.ShallowCNN(), resnet, images)
    wanted = 10_410 / measure.parameters(resnet)
    assert other["parameters"] == wanted and other["MACs"] < 1
    assert demo.memory(resnet, images) - measure.peak_memory(resnet, images) == 4 * 10_410 / wanted


@pytest.mark.parametrize(
    ("difference", "words"),
    [(1.0, demo.NEITHER), (-1.0, demo.NEITHER), (1.1, "better"), (-1.1, "worse")],
)
def test_a_verdict_needs_more_than_two_errors(difference, words):
    assert demo.verdict(difference, 0.5, "better", "worse") == words


def test_a_race_follows_the_recipe_from_its_seed():
    """The same design anew, the network untouched; as training by hand gives."""
    network = models.ShallowCNN(channels=2)
    sets = torch.rand(40, 1, 32, 32), torch.arange(40) % 10
    before = {name: value.clone() for name, value in network.state_dict().items()}
    found = [demo.raced(network, sets, sets, epochs=1, seed=seed) for seed in (3, 3)]
    torch.manual_seed(3)
    by_hand = models.ShallowCNN(channels=2)
    training.train(
        by_hand, sets, sets, epochs=1, learning_rate=2e-3, weight_decay=0.01, seed=3,
        augment=training.mirror_and_shift, keep="last", progress=False,
    )  # fmt: skip
    assert found == [training.evaluate(by_hand, *sets)] * 2
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


# ---- moving


def test_shifts_by_hand():
    image = torch.zeros(1, 1, 10, 12)
    image[0, 0, 4, 5] = 1
    assert moving.shifted(image, right=2, down=-3)[0, 0, 1, 7] == 1
    assert moving.shifted(image, right=-5)[0, 0, 4, 0] == 1
    assert not moving.shifted(image, right=-6).any()
    assert torch.equal(moving.shifted(image), image)
    with pytest.raises(ValueError, match="up to 8 pixels; got right=9, down=0"):
        moving.shifted(image, right=9)


def test_the_largest_change_of_a_logit_by_hand():
    """The logits are the first two columns' sums; rolled right, column -1 comes first."""
    images = torch.zeros(1, 1, 2, 4)
    images[0, 0, 0] = torch.tensor([1.0, 2, 3, 7])
    assert moving.changed(lambda x: x.sum((1, 2))[:, :2], images, 1) == 6  # 1 2 → 7 1
    assert moving.changed(lambda x: x.sum((1, 2))[:, :2], images, 4) == 0


def test_falls_count_the_four_directions():
    """A network that is right while its one bright pixel is in the left half."""

    def left(images):
        inside = images[..., :16].sum((1, 2, 3)) > 0.5
        return torch.stack([inside.float(), 1 - inside.float()], 1)

    images = torch.zeros(3, 1, 32, 32)
    images[0, 0, 16, 14], images[1, 0, 16, 3], images[2, 0, 16, 20] = 1, 1, 1
    labels = torch.tensor([0, 0, 0])
    # one way of four loses the first; the second leaves to the left; the third was wrong before
    assert moving.falls(left, images, labels, 4).tolist() == [0.25, 0.25, 0]
    assert moving.falls(left, images, labels, 5).tolist() == [0.25, 0.25, -0.25]
    assert moving.falls(left, images, labels, 1).tolist() == [0, 0, 0]


def test_round_the_edge_only_whole_strides_are_forgotten(resnet):
    images = torch.rand(4, 1, 32, 32)
    ring = moving.circular(resnet)
    with torch.no_grad():
        for by, forgotten in ((8, True), (24, True), (4, False), (3, False)):
            assert (moving.changed(ring, images, by) < 1e-4) == forgotten
            for dims in (2, 3):
                same = torch.allclose(ring(images.roll(by, dims)), ring(images), atol=1e-5)
                assert same == forgotten
        assert not torch.allclose(resnet(images.roll(8, 3)), resnet(images), atol=1e-5)
    assert resnet.conv1.padding_mode == "zeros"  # the copy was changed, not the network


def test_spared_is_the_mean_of_paired_differences(resnet):
    images, labels = torch.rand(20, 1, 32, 32), torch.arange(20) % 10
    other = models.SimplifiedCNN(channels=(2, 3), hidden=4).eval()
    found = moving.spared(resnet, {"other": other, "itself": resnet}, images, labels, 3)
    each = moving.falls(resnet, images, labels, 3) - moving.falls(other, images, labels, 3)
    wanted = 100 * each.mean().item(), 100 * each.std().item() / 20**0.5
    assert found["other"] == pytest.approx(wanted, abs=1e-4) and found["itself"] == (0, 0)


# ---- pictures


def test_the_widget_shows_the_accuracies_that_are_measured(resnet):
    images, labels = torch.rand(12, 1, 32, 32), torch.arange(12) % 10
    networks = {"reference": models.SimplifiedCNN(channels=(2, 3), hidden=4).eval(), "R": resnet}
    shifts = moving.Shifts(networks, images, labels)
    moved = moving.shifted(images, 3, -2)
    wanted = {n: training.evaluate(one, moved, labels) for n, one in networks.items()}
    assert shifts.accuracy(3, -2) == wanted
    said = shifts.words(3, -2)
    assert "3 pixels right and 2 up" in said and f"R {wanted['R']:.0%}" in said
    live = widgets.live(
        shifts.draw, alt=shifts.words, right=widgets.slider(-8, 8, start=0),
        down=widgets.slider(-8, 8, start=0),
    )  # fmt: skip
    assert live.error is None and "Not moved" in shifts.title(0, 0)
    live.controls["right"].value = 5
    assert live.error is None and "5 pixels right" in live.picture.value


def test_the_title_names_who_loses_least_and_most():
    shifts = moving.Shifts({}, torch.rand(1, 1, 32, 32), torch.tensor([0]))
    now, before = {"a": 0.5, "b": 0.8}, {"a": 0.9, "b": 0.85}
    shifts.accuracy = lambda right, down: now if right else before
    assert shifts.title(1, 0) == "Points lost: 5 (b) to 40 (a)"


def test_bills_and_race_are_drawn_and_said():
    rows = {
        "narrow": {"parameters": 0.25, "MACs": 0.27},
        "ResNet": {"parameters": 0.07, "MACs": 0.5},
    }
    axis = figures.bills(rows, title="t").axes[0]
    drawn = {line.get_label(): list(line.get_xdata()) for line in axis.lines}
    assert drawn["narrow"] == [0.25, 0.27] and drawn["ResNet"] == [0.07, 0.5]
    assert "ResNet: parameters 0.07, MACs 0.50" in figures.words_for_bills(rows)
    short, long = {"shallow": [0.7, 0.8]}, {"shallow": [0.9]}
    axis = figures.race(short, long, title="t").axes[0]
    assert list(axis.lines[0].get_ydata()) == pytest.approx([75, 90])
    assert list(axis.lines[1].get_ydata()) == pytest.approx([70, 80])
    assert "75.0% after the short race, 90.0%" in figures.words_for_race(short, long)


def test_by_time_draws_the_boards_own_columns():
    board = scoreboard.table(mine=False).head(3)
    axis = figures.by_time(board).axes[0]
    points = {(line.get_xdata()[0], line.get_ydata()[0]) for line in axis.lines
              if line.get_marker() == "o"}  # fmt: skip
    assert points == set(zip(board["latency_ratio"], 100 * board["accuracy"], strict=True))
    assert axis.lines[0].get_color() == plots.COLOURS["reference"]
