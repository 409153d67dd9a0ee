"""The pictures of lesson 3.3 say what the numbers say; the bench counts what a file takes."""

import copy

import pytest
import torch

from course_utils import models, plots, prune, structure, training, widgets
from course_utils.demos import artefacts, sparse_product, unit_removal
from course_utils.demos import figures_3_3 as figures
from course_utils.demos import lesson_3_3 as demo
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
    return demo.SparsityBench(network(), validation)


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
    assert size == pytest.approx(sum(demo.coded_bytes(pruned).values()) / 1000)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.98])
def test_coded_tensors_are_as_long_as_the_file_within_a_few_per_cent(share):
    pruned = prune.magnitude(models.load_network("SimplifiedCNN"), share)
    file = len(models.network_bytes(pruned, coded=True))
    assert sum(demo.coded_bytes(pruned).values()) == pytest.approx(file, rel=0.06)


def test_rivals_are_lamps(bench, validation):
    pruned = prune.magnitude(bench.network, 0.9, scope="lamp")
    size = sum(demo.coded_bytes(pruned).values()) / 1000
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
    live = widgets.live(bench.draw, alt=bench.words, **{
        layer: widgets.choice({f"{s:.0%}": s for s in demo.SHARES}, start=0.5)
        for layer in bench.layers})  # fmt: skip
    before = live.picture.value
    live.controls["fc1"].value = 0.98
    assert live.error is None and live.picture.value != before


# ---- rows and removals


def test_kept_row_by_hand():
    masks = {"a.weight": torch.tensor([True, False]), "b": torch.tensor([[True, True]])}
    assert demo.kept_row("rule", masks) == {"rule": "rule", "a": 0.5, "b": 1.0}


def test_sensitivity_rows_by_hand():
    rows = demo.sensitivity_rows({"a": {0.5: 0.9, 0.8: 0.25}}, {"a": {0.8: 0.1}}, "lot")
    assert rows == [{"layer": "a", "50% gone": "90.0%", "80% gone": "25.0%", "lot": "10.0%"}]


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


def test_moved_tells_logits_and_answers_apart(validation):
    one, other = network(), network()
    one.fc2.bias.data.zero_()
    other.fc2.bias.data.fill_(0.25)
    found = unit_removal.moved(one, other, validation[0])
    assert found["logits move by"] == pytest.approx(0.25, abs=1e-5)
    assert found["in float64"] == pytest.approx(0.25, abs=1e-9) and found["answers changed"] == 0
    other.fc2.bias.data[3] += 100
    assert unit_removal.moved(one, other, validation[0])["answers changed"] == int(
        (one(validation[0]).argmax(1) != 3).sum()
    )
    assert next(one.parameters()).dtype == torch.float32


def test_woken_counts_dead_units_that_others_wake(validation):
    one = network()
    zeros = prune.apoz(one, validation[0])
    dead = {"fc1": torch.arange(12), "conv2": torch.tensor([], dtype=torch.int64)}
    assert unit_removal.woken(one, dead, validation[0]) == int((zeros["fc1"] < 1).sum())
    with torch.no_grad():
        one.fc1.bias -= 1e4
    assert unit_removal.woken(one, dead, validation[0]) == 0


def test_halves_lose_the_idlest_the_smallest_and_lots():
    one, zeros = network(), torch.linspace(1, 0, 12).double()
    cut = unit_removal.halves(one, "fc1", zeros, draws=2)
    assert [len(several) for several in cut.values()] == [1, 1, 2]
    assert torch.equal(cut["idlest"][0].fc1.weight, one.fc1.weight[6:])
    theirs = structure.remove_filters(one, {"fc1": 0.5})
    assert torch.equal(cut["smallest L1 norm"][0].fc1.weight, theirs.fc1.weight)
    a, b = (small.fc1.weight for small in cut["by lot"])
    assert len(a) == len(b) == 6 and not torch.equal(a, b)


def test_half_rows_hold_the_mean_of_each_way():
    nets = {"a": network(), "b": network(1)}
    zeros = [{"fc1": torch.linspace(1, 0, 12).double()} for _ in nets]

    def first_weight(one):
        return one.fc2.weight[0, 0].item()

    rows = unit_removal.half_rows(nets, zeros, "fc1", first_weight)
    assert [row["which"] for row in rows] == ["idlest", "smallest L1 norm", "by lot"]
    for name, one in nets.items():
        cut = unit_removal.halves(one, "fc1", zeros[0]["fc1"])
        mean = sum(map(first_weight, cut["by lot"])) / 3
        assert rows[0][name] == one.fc2.weight[0, 6].item()
        assert rows[2][name] == pytest.approx(mean)


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
    assert sparse_product.break_even({0.5: 4.0, 0.9: 2.0}) is None
    assert sparse_product.break_even({0.5: 0.4, 0.9: 0.2}) is None


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


def test_schedules_follow_the_cubic_curve_and_join_each_network():
    found = {"at\nonce": [0.7, 0.8], "gradually": [0.75, 0.9]}
    left, right = figures.schedules(found, final=0.9, until=0.5).axes
    once, slowly = left.lines
    assert set(once.get_ydata()) == {0.9}
    assert slowly.get_ydata()[25] == pytest.approx(prune.cubic(0.5, final=0.9))
    assert set(slowly.get_ydata()[50:]) == {0.9}
    assert [list(line.get_ydata()) for line in right.lines] == [[0.7, 0.75], [0.8, 0.9]]
    words = figures.words_for_schedules(found, final=0.9)
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
    unit_removal.halves(bench.network, "fc1", torch.rand(12))
    unit_removal.woken(bench.network, {"fc1": torch.arange(3)}, validation[0])
    after = bench.network.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
