"""The pictures of lesson 3.3 say what the numbers say; the bench counts what a file takes."""

import copy

import pytest
import torch
from torch import nn

from course_utils import models, plots, prune, structure, training, widgets
from course_utils.demos import artefacts, sparse_product, sparsity_bench, unit_removal
from course_utils.demos import figures_3_3 as figures
from course_utils.demos import pruning_controls as demo
from course_utils.measure import Spread


def network(seed=0):
    torch.manual_seed(seed)
    return models.SimplifiedCNN(channels=(4, 8), hidden=12).eval()


@pytest.fixture
def validation():
    generator = torch.Generator().manual_seed(0)
    return torch.rand(20, 1, 32, 32, generator=generator), torch.arange(20) % 10


@pytest.fixture
def bench(validation):
    return sparsity_bench.SparsityBench(network(), validation)


SETTING = {"conv1": 0.0, "conv2": 0.5, "fc1": 0.95, "fc2": 0.8}


# ---- the bench


def test_the_bench_removes_each_layers_share(bench):
    pruned = prune.apply(bench.network, bench.masks(SETTING))
    for layer, share in SETTING.items():
        weight, whole = (one.get_submodule(layer).weight for one in (pruned, bench.network))
        assert int((weight == 0).sum()) == round(share * weight.numel())
        assert whole[weight == 0].abs().max() <= whole[weight != 0].abs().min() if share else True


def test_the_bench_measures_what_it_removed(bench, validation):
    pruned = prune.apply(bench.network, bench.masks(SETTING))
    size, accuracy = bench.measured(SETTING)
    assert accuracy == training.evaluate(pruned, *validation)
    assert size == pytest.approx(sum(sparsity_bench.coded_bytes(pruned).values()) / 1000)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.98])
def test_coded_tensors_are_as_long_as_the_file_within_a_few_per_cent(share):
    pruned = prune.magnitude(models.load_network("SimplifiedCNN"), share)
    file = len(models.network_bytes(pruned, coded=True))
    assert sum(sparsity_bench.coded_bytes(pruned).values()) == pytest.approx(file, rel=0.06)


def test_rivals_are_lamps(bench, validation):
    pruned = prune.magnitude(bench.network, 0.9, scope="lamp")
    size = sum(sparsity_bench.coded_bytes(pruned).values()) / 1000
    assert bench.rivals[0.9] == (size, training.evaluate(pruned, *validation))


def test_the_bench_draws_what_is_left_and_where_it_stands(bench):
    made = bench.draw(**SETTING)
    left, right = made.axes
    assert [bar.get_width() for bar in left.patches] == pytest.approx([1, 0.5, 0.05, 0.2])
    size, accuracy = bench.measured(SETTING)
    lines = {line.get_label(): line for line in right.lines}
    assert lines["your shares"].get_xydata().tolist() == [[size, accuracy]]
    assert lines["LAMP"].get_xydata().tolist() == [list(at) for at in bench.rivals.values()]
    assert "tried" not in lines
    again = bench.draw(**SETTING | {"fc2": 0.0}).axes[1].lines
    assert {line.get_label() for line in again} >= {"tried"}
    words = bench.words(**SETTING)
    assert "100% of conv1, 50% of conv2, 5% of fc1" in words and f"{accuracy:.1%}" in words


def test_the_widget_follows_its_controls(bench):
    live = widgets.live(bench.draw, alt=bench.words, **bench.controls())
    assert live.values == {"conv1": 0.0, "conv2": 0.5, "fc1": 0.95, "fc2": 0.5}
    before = live.picture.value
    live.controls["fc1"].value = 0.98
    assert live.error is None and live.picture.value != before


# ---- rows and removals


def test_kept_row_by_hand():
    masks = {"a.weight": torch.tensor([True, False]), "b": torch.tensor([[True, True]])}
    assert demo.kept_row("rule", masks) == {"rule": "rule", "a": 0.5, "b": 1.0}


def test_sensitivity_rows_by_hand():
    found = {"x": {"a": {0.8: 0.25}}, "y": {"a": {0.8: 0.5}}}
    rows = demo.sensitivity_rows(found, [{"a": {0.8: 0.1}}, {"a": {0.8: 0.3}}])
    assert rows == [{"layer": "a", "x": 0.25, "y": 0.5, "by lot, mean": pytest.approx(0.2)}]
    assert demo.mean_of(["x", "y"])(rows[0]) == 0.375


def test_one_shot_asks_each_rule_and_each_control(validation):
    nets, share = [network(), network(1)], 0.9
    curves = demo.one_shot(nets, validation, (0.0, share))
    assert set(curves) == set(figures.LOOKS)
    whole = [training.evaluate(one, *validation) for one in nets]
    assert all(points[0.0] == whole for points in curves.values())
    for rule, scope in demo.RULES.items():
        ours = [training.evaluate(prune.magnitude(one, share, scope=scope), *validation)
                for one in nets]  # fmt: skip
        assert curves[rule][share] == ours
    lamp = prune.magnitude_masks(nets[0], share, scope="lamp")
    lots = demo.rule_masks(nets[0], "LAMP's shares, by lot", share)
    assert all(lots[name].sum() == mask.sum() for name, mask in lamp.items())
    assert any(not torch.equal(lots[name], mask) for name, mask in lamp.items())
    drawn = prune.random_masks(nets[0], share, seed=0)
    ours = demo.rule_masks(nets[0], "by lot", share)
    assert all(torch.equal(ours[name], mask) for name, mask in drawn.items())


def test_trained_on_trains_copies_each_with_its_seed_and_step(validation):
    one, share = network(), 0.5
    masks = prune.magnitude_masks(one, share)
    cut = prune.apply(one, masks)
    before = copy.deepcopy(cut.state_dict())
    held, free = demo.trained_on(
        [cut, cut], validation, [prune.keep_zeros(masks), lambda model, share: None], epochs=1
    )
    assert all(torch.equal(before[name], value) for name, value in cut.state_dict().items())
    assert prune.sparsity(held) == pytest.approx(share, abs=1e-3)
    assert prune.sparsity(free) < share - 0.1
    a, b = demo.trained_on([cut, cut], training_pair(), epochs=1)
    assert not torch.equal(a.fc2.weight, b.fc2.weight)
    with pytest.raises(ValueError, match="shorter"):
        demo.trained_on([cut, cut], validation, [prune.keep_zeros(masks)], epochs=1)


def training_pair():
    generator = torch.Generator().manual_seed(1)
    return torch.rand(70, 1, 32, 32, generator=generator), torch.arange(70) % 10


def test_bend_is_zero_for_linear_networks_only():
    images = torch.rand(20, 1, 4, 4)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Linear(8, 3))
    assert demo.bend(linear, images) < 1e-5
    bent = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))
    assert demo.bend(bent, images) > 0.05


def test_bend_by_hand():
    class Square(nn.Module):
        def forward(self, x):
            return x.flatten(1) ** 2

    images = torch.tensor([0.0, 2.0, 2.0, 4.0]).view(4, 1, 1, 1)
    # pairs (0, 2) and (2, 4): middles 1 and 9, means of answers 2 and 10
    assert demo.bend(Square(), images) == pytest.approx((1 + 1) ** 0.5 / (16 + 16) ** 0.5)


def test_bend_row_holds_the_means(validation):
    nets = [network(), network(1)]
    row = demo.bend_row("x", nets, validation)
    assert row["accuracy"] == pytest.approx(
        sum(training.evaluate(one, *validation) for one in nets) / 2
    )
    assert row["bend"] == pytest.approx(sum(demo.bend(one, validation[0]) for one in nets) / 2)
    assert row["parameters"] == sum(p.numel() for p in nets[0].parameters())


def test_zeros_row_counts_the_zeros_of_dead_units(validation):
    loose, held = network(), prune.magnitude(network(), 0.5)
    with torch.no_grad():
        loose.fc1.weight[[2, 5]] = 0
        loose.fc1.weight[1, :100] = 0
    apoz = {"fc1": torch.tensor([0.5, 0.9, 1.0, 0, 0, 1.0] + 6 * [0.5]).double()}
    row = demo.zeros_row("x", loose, held, apoz, validation)
    width = loose.fc1.in_features
    assert row["of them, of dead units"] == pytest.approx(2 * width / (2 * width + 100))
    assert (row["zeros"], row["zeros, held"]) == (prune.sparsity(loose), prune.sparsity(held))
    assert row["accuracy"] == training.evaluate(loose, *validation)
    assert row["accuracy, held"] == training.evaluate(held, *validation)


def test_half_rows_ask_each_kind_of_half(validation):
    one = network()
    rows = demo.half_rows({"x": one}, validation, ("conv2", "fc1"))
    assert [row["kind"] for row in rows] == ["2:4", "half, no pattern", "2:4 by lot"]
    for row in rows:
        masks = demo.half_masks(one, ("conv2", "fc1"), row["kind"])
        assert row["x"] == training.evaluate(prune.apply(one, masks), *validation)


def test_half_masks_drop_half_of_each_layer_in_their_way():
    one, layers = network(), ("conv2", "fc1")
    found = {kind: demo.half_masks(one, layers, kind)
             for kind in ("2:4", "2:4 by lot", "half, no pattern")}  # fmt: skip
    for masks in found.values():
        assert set(masks) == {"conv2.weight", "fc1.weight"}
        assert all(mask.float().mean() == 0.5 for mask in masks.values())
    for kind in ("2:4", "2:4 by lot"):
        assert (found[kind]["fc1.weight"].unflatten(1, (-1, 4)).sum(2) == 2).all()
    size, best = one.fc1.weight.detach().abs(), found["half, no pattern"]["fc1.weight"]
    assert size[best].min() >= size[~best].max()
    assert torch.equal(found["2:4"]["fc1.weight"], prune.n_of_m(one.fc1.weight))
    assert not torch.equal(found["2:4"]["fc1.weight"], found["2:4 by lot"]["fc1.weight"])


def test_dead_row_removes_the_dead_and_tells_what_moves(validation):
    one, images = network(), validation[0]
    with torch.no_grad():
        one.fc1.bias[[1, 4]] = -1e4
    dead = {"fc1": torch.tensor([1, 4])}
    row = unit_removal.dead_row("x", one, dead, images, images)
    assert row["removed"] == 2 and row["woken by digits"] == 0 == row["answers changed"]
    assert row["logits move by"] < 1e-4
    zeros = prune.apoz(one, images)["fc1"]
    awake = {"fc1": (zeros < 1).nonzero().flatten()[:3]}
    smaller = structure.remove_filters(one, awake)
    moved = (training.predict(one, images) - training.predict(smaller, images)).abs().max()
    row = unit_removal.dead_row("x", one, awake, images, images)
    assert row["logits move by"] == pytest.approx(moved.item()) and row["logits move by"] > 0
    assert row["woken by digits"] == 3


def test_woken_counts_dead_units_that_others_wake(validation):
    one = network()
    zeros = prune.apoz(one, validation[0])
    dead = {"fc1": torch.arange(12), "conv2": torch.tensor([], dtype=torch.int64)}
    assert unit_removal.woken(one, dead, validation[0]) == int((zeros["fc1"] < 1).sum())
    with torch.no_grad():
        one.fc1.bias -= 1e4
    assert unit_removal.woken(one, dead, validation[0]) == 0


def test_quiet_row_counts_zeros_and_the_paired_change(validation):
    one = network()
    row = unit_removal.quiet_row("x", one, 0.3, *validation)
    quiet = prune.thresholded(one, 0.3)
    assert row["zeros before"] == prune.activation_sparsity(one, validation[0])
    assert row["zeros"] == prune.activation_sparsity(quiet, validation[0]) > row["zeros before"]
    change = training.evaluate(quiet, *validation) - training.evaluate(one, *validation)
    assert row["change of accuracy"] == pytest.approx(change)
    same = unit_removal.quiet_row("x", one, 0.0, *validation)
    assert same["change of accuracy"] == same["its error"] == 0


# ---- artefacts


def test_artefacts_are_measured_on_what_was_loaded(validation):
    one, other = network(), structure.remove_filters(network(), {"fc1": 0.5})
    saved = {"dense": (one, ".safetensors"), "coded": (one, ".safetensors.xz"),
             "sliced": (other, ".safetensors")}  # fmt: skip
    rows = artefacts.measured(saved, *validation, batch=4, runs=3)
    assert [row["artefact"] for row in rows] == list(saved)
    assert [row["bytes"] for row in rows] == [
        len(models.network_bytes(one)), len(models.network_bytes(one, coded=True)),
        len(models.network_bytes(other))]  # fmt: skip
    assert rows[0]["accuracy"] == pytest.approx(training.evaluate(one, *validation))
    assert rows[2]["accuracy"] == pytest.approx(training.evaluate(other, *validation))
    assert all(row["time"].median > 0 for row in rows)


def test_a_file_that_holds_another_network_is_refused(validation, monkeypatch):
    monkeypatch.setattr(models, "load_network", lambda path: network(1))
    with pytest.raises(ValueError, match="does not hold the network"):
        artefacts.measured({"dense": (network(), ".safetensors")}, *validation)


# ---- the sparse product


def test_break_even_by_hand():
    assert sparse_product.break_even({0.5: 4.0, 0.9: 0.25}) == pytest.approx(0.7)
    assert sparse_product.break_even({0.9: 0.5, 0.5: 2.0}) == pytest.approx(0.7)
    assert sparse_product.break_even({0.5: 0.9, 0.7: 2.0, 0.9: 0.5}) == pytest.approx(0.8)
    assert sparse_product.break_even({0.5: 1.5, 0.9: 1.0}) == pytest.approx(0.9)
    assert sparse_product.break_even({0.5: 4.0, 0.9: 2.0}) == 1
    assert sparse_product.break_even({0.5: 0.4, 0.9: 2.0}) == 1
    assert sparse_product.break_even({0.5: 0.4, 0.9: 0.2}) == 0.5
    spread = {0.5: Spread(4.0, 1, 9, ()), 0.9: Spread(0.25, 0, 1, ())}
    assert sparse_product.break_even(spread) == pytest.approx(0.7)


def test_the_finding_says_what_break_even_says():
    assert "not faster" in sparse_product.finding({0.5: 4.0, 0.9: 2.0})
    assert "win at 70% zeros" in sparse_product.finding({0.5: 4.0, 0.9: 0.25})


@pytest.mark.parametrize("share", [0.5, 0.75])
def test_csr_bytes_are_scipys(share):
    import numpy as np
    from scipy.sparse import csr_array

    dense = np.zeros((20, 40), dtype=np.float32)
    dense.flat[: round((1 - share) * 800)] = 1
    rows = csr_array(dense)
    taken = rows.data.nbytes + rows.indices.nbytes + rows.indptr.nbytes
    assert sparse_product.csr_bytes(share, outputs=20, inputs=40) == taken


def test_sparse_ratios_are_spreads_by_share():
    found = sparse_product.sparse_ratios((0.5, 0.9), outputs=8, inputs=16, batch=4, runs=3)
    assert list(found) == [0.5, 0.9]
    assert all(0 < r.low <= r.median <= r.high for r in found.values())


# ---- figures


def test_one_shot_shows_every_network_and_the_means():
    curves = {"LAMP": {0.5: [0.9, 0.8], 0.9: [0.6, 0.4]}, "by lot": {0.5: [0.3, 0.1], 0.9: [0, 0]}}
    axis = figures.one_shot(curves, title="x").axes[0]
    lines = {line.get_label(): line for line in axis.lines if line.get_label()[0] != "_"}
    assert list(lines["LAMP"].get_ydata()) == pytest.approx([0.85, 0.5])
    assert lines["LAMP"].get_color() == plots.COLOURS["pruning"]
    assert lines["by lot"].get_color() == plots.COLOURS["control"]
    dots = [list(line.get_ydata()) for line in axis.lines if line.get_marker() == "."]
    assert dots == [[0.9, 0.8], [0.6, 0.4], [0.3, 0.1], [0, 0]]
    assert "LAMP: 85% at 50%, 50% at 90%." in figures.words_for_one_shot(curves)


def _title(axis):
    return axis.get_title(loc="left") or axis.get_title()


def test_schedules_follow_the_cubic_curve_and_join_each_network():
    found = {"at\nonce": [0.7, 0.8], "gradually": [0.75, 0.9]}
    left, right = figures.schedules(found, final=0.9, until=0.5).axes
    once, slowly = left.lines
    assert set(once.get_ydata()) == {0.9}
    assert slowly.get_ydata()[25] == pytest.approx(prune.cubic(0.5, final=0.9))
    assert set(slowly.get_ydata()[50:]) == {0.9}
    assert [list(line.get_ydata()) for line in right.lines] == [[0.7, 0.75], [0.8, 0.9]]
    assert _title(right) == "Better in 2 of 2"
    found = {"at once": [0.7, 0.8], "gradually": [0.7, 0.9]}
    assert _title(figures.schedules(found, final=0.9, until=0.5).axes[1]).startswith("Better in 1")
    words = figures.words_for_schedules({"at\nonce": [0.7, 0.8], "gradually": [0.75, 0.9]},
                                        final=0.9)  # fmt: skip
    assert "at once 70.0%, 80.0%" in words and "90%" in words


def test_idle_units_part_the_dead_from_the_others():
    zeros = torch.tensor([1.0, 0.5, 0.25, 1.0])
    axis = figures.idle_units(zeros).axes[0]
    assert [bar.get_height() for bar in axis.patches] == [0.25, 0.5, 1, 1]
    shades = [bar.get_facecolor() for bar in axis.patches]
    assert shades[0] == shades[1] != shades[2] == shades[3]
    assert axis.get_title(loc="left").startswith("2 of 4") or axis.get_title().startswith("2 of 4")
    assert "100% for 2 of them" in figures.words_for_idle_units(zeros)


ROWS = [
    {"artefact": "dense", "bytes": 2000, "time": Spread(1.0, 0.9, 1.1, ()), "accuracy": 0.9},
    {"artefact": "sliced", "bytes": 1000, "time": Spread(0.5, 0.4, 0.6, ()), "accuracy": 0.85},
]


def test_artefacts_show_bytes_time_and_accuracy():
    left, middle, right = figures.artefacts(ROWS, title="x").axes
    assert [bar.get_width() for bar in left.patches] == [2, 1]
    assert [text.get_text() for text in left.texts] == ["2", "1"]
    dots = [line.get_xdata()[0] for line in middle.lines if line.get_marker() == "o"]
    assert dots == [1.0, 0.5]
    assert [line.get_xdata()[0] for line in right.lines] == [0.9, 0.85]
    words = figures.words_for_artefacts(ROWS)
    assert "sliced: 1,000 bytes, 0.50 of the dense network's time, accuracy 85.0%" in words


def test_sparse_time_shows_medians_and_spread():
    ratios = {0.5: Spread(4.0, 3.0, 5.0, ()), 0.9: Spread(0.5, 0.4, 0.7, ())}
    axis = figures.sparse_time(ratios, title="x").axes[0]
    assert list(axis.lines[0].get_ydata()) == [4.0, 0.5] and axis.get_yscale() == "log"
    assert len(axis.collections) == 1
    assert "4.00 at 50% zeros, 0.50 at 90%" in figures.words_for_sparse_time(ratios)


def test_nothing_here_changes_the_network(bench, validation):
    before = copy.deepcopy(bench.network.state_dict())
    bench.draw(**SETTING)
    unit_removal.dead_row("x", bench.network, {"fc1": torch.arange(3)}, *[validation[0]] * 2)
    unit_removal.woken(bench.network, {"fc1": torch.arange(3)}, validation[0])
    after = bench.network.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
