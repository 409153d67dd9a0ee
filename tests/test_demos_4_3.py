"""Lesson 4.3's workbench measures what it draws, and its pictures show what its words say."""

import pytest
import torch

from course_utils import data, measure, models, paired, prune, structure, training, widgets
from course_utils.demos import figures_4_3 as figures
from course_utils.demos import lesson_4_3 as demo
from course_utils.demos import racing


@pytest.fixture(scope="module")
def few():
    return data.fashion_mnist("validation", limit=64)


@pytest.fixture(scope="module")
def network():
    return models.load_network("SimplifiedCNN")


@pytest.fixture(scope="module")
def cutter(network, few):
    norms = {name: structure.filter_norms(getattr(network, name)) for name in structure.REMOVABLE}
    return demo.Cutter(network, *few, {"L1": norms, "lot": structure.by_lot(network, seed=0)})


@pytest.mark.parametrize("share", [0.0, 0.9, 0.99])
def test_a_sparse_layer_computes_what_the_dense_one_does(network, share):
    dense = prune.magnitude(torch.nn.Sequential(network.fc1), share)[0]
    sparse = demo.SparseLinear(dense)
    x = torch.randn(7, 2048, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(sparse(x), dense(x), atol=1e-4)
    assert sparse.weight.layout == torch.sparse_csr
    assert len(sparse.weight.values()) == int(dense.weight.count_nonzero())


def test_file_forms_are_whole_files(network, few, tmp_path):
    small = structure.remove_filters(network, dict.fromkeys(structure.REMOVABLE, 0.9))
    forms = demo.file_forms(small)
    endings = {"plain": ".safetensors", ".xz": ".safetensors.xz", ".small": ".small"}
    for form, ending in endings.items():
        path = models.save_network(small, tmp_path / f"a{ending}")
        assert forms[form] == path.stat().st_size


def test_times_are_ratios_with_their_spread(network, few):
    small = structure.remove_filters(network, dict.fromkeys(structure.REMOVABLE, 0.9))
    times = demo.times(small, network, few[0])
    assert list(times) == ["× for 64", "× for 1"]
    assert float(times["× for 64"].split()[0]) < 0.8
    ratio = measure.Spread(0.5, 0.25, 0.75, ())
    assert demo.in_words(ratio) == "0.50 (middle half 0.25 to 0.75)"


def test_the_class_that_pays_is_named_with_its_error():
    labels = torch.arange(10).repeat(4)
    worse = labels.clone()
    worse[3] = 0  # one of four dresses
    (row,) = demo.class_that_pays({"a": labels, "b": worse}, labels, reference="a")
    error = 100 * paired.compare(labels[3::10], worse[3::10], labels[3::10]).error
    assert row == {"network": "b", "all classes": -2.5, "worst class": "dress", "change": -25.0,
                   "error": pytest.approx(error)}  # fmt: skip
    (row,) = demo.class_that_pays({"a": worse, "b": labels}, labels, reference="a")
    assert row["change"] == 0 and row["worst class"] != "dress"


def test_every_layer_is_timed_once_in_order(network, few):
    network.train()
    seconds = demo.layer_seconds(network, few[0], runs=3)
    assert list(seconds) == [name for name, _ in network.named_children()]
    assert all(t > 0 for t in seconds.values()) and network.training
    network.eval()
    slow = torch.nn.Sequential()
    slow.a, slow.b = torch.nn.Linear(4000, 4000), torch.nn.Identity()
    spent = demo.layer_seconds(slow, torch.zeros(4, 4000), runs=3)
    assert spent["a"] > spent["b"]


def test_the_highest_scores_stay(network):
    scores = {"conv1": torch.arange(16.0), "conv2": -torch.arange(32.0), "fc1": torch.zeros(128)}
    small = racing.to_size(network, {"conv1": 3, "conv2": 2}, scores)
    assert torch.equal(small.conv1.bias, network.conv1.bias[13:])
    assert torch.equal(small.conv2.bias, network.conv2.bias[:2])
    assert small.settings["hidden"] == 128
    same = racing.to_size(network, {"fc1": 128}, scores)
    assert torch.equal(same.fc1.weight, network.fc1.weight)


def test_lots_are_lots(network):
    one, again, other = (structure.by_lot(network, seed=seed) for seed in (0, 0, 1))
    assert [len(lot) for lot in one.values()] == [16, 32, 128]
    assert all(torch.equal(one[k], again[k]) and not torch.equal(one[k], other[k]) for k in one)


def test_each_order_scores_every_filter_and_unit(network, few):
    scores = {order: structure.unit_scores(network, order, *few, seed=3)
              for order in structure.ORDERS}  # fmt: skip
    for of in scores.values():
        assert [len(of[name]) for name in structure.REMOVABLE] == [16, 32, 128]
    idle = prune.apoz(network, few[0])["fc1"]
    assert torch.equal(scores["APoZ"]["fc1"].argmin(), idle.argmax())
    assert torch.equal(scores["L1"]["conv2"], structure.filter_norms(network.conv2))
    assert torch.equal(scores["lot"]["conv1"], structure.by_lot(network, seed=3)["conv1"])
    assert torch.equal(scores["Taylor"]["fc1"], prune.taylor(network, *few)["fc1"])
    with pytest.raises(ValueError, match="one of L1, APoZ, Taylor, relevance, lot; got 'l2'"):
        structure.unit_scores(network, "l2", *few)


def test_starts_are_of_one_size_and_only_the_fresh_one_is_untrained(network, few):
    starts = racing.starts({"conv1": 6, "conv2": 16, "fc1": 81}, *few)
    small = {name: start(network, 1) for name, start in starts.items()}
    assert list(small) == ["by L1", "by APoZ", "by lot", "fresh start"]
    assert {str(one.settings) for one in small.values()} == {str(small["by L1"].settings)}
    known = set(network.conv1.bias.tolist())
    mine = {name: known >= set(one.conv1.bias.tolist()) for name, one in small.items()}
    assert mine == {"by L1": True, "by APoZ": True, "by lot": True, "fresh start": False}
    state = torch.random.get_rng_state()
    again = starts["fresh start"](network, 1)
    assert torch.equal(again.fc1.weight, small["fresh start"].fc1.weight)
    assert torch.equal(state, torch.random.get_rng_state())


def test_wrong_columns_are_those_of_another_flatten(network, few):
    right = racing.starts({"conv1": 6, "conv2": 16, "fc1": 81}, *few)["by L1"](network, 0)
    wrong = racing.wrong_columns(network, right)
    assert wrong.settings == right.settings and torch.equal(wrong.fc1.bias, right.fc1.bias)
    differing = {name for name, part in wrong.state_dict().items()
                 if not torch.equal(part, right.state_dict()[name])}  # fmt: skip
    assert differing == {"fc1.weight"}
    filters = structure.filter_norms(network.conv2).argsort()[16:].sort().values
    unit = (network.fc1.bias == right.fc1.bias[5]).nonzero()[0].item()
    places_first = network.fc1.weight[unit].view(64, 32)[:, filters]
    assert torch.equal(wrong.fc1.weight[5], places_first.flatten())


def test_the_race_trains_every_start_alike_and_leaves_the_dense_one(network, few):
    before = [p.clone() for p in network.parameters()]
    seen = []

    def start(dense, seed):
        seen.append(seed)
        return racing.to_size(dense, {"conv1": 4}, structure.by_lot(dense, seed=seed))

    found = racing.race([network, network], {"a": start, "b": start}, few, few, epochs=1)
    assert seen == [0, 0, 1, 1] and found["a"] == found["b"] and len(found["a"]) == 2
    whole = racing.to_size(network, {"conv1": 4}, structure.by_lot(network, seed=1))
    assert found["a"][1][0] == pytest.approx(training.evaluate(whole, *few), abs=0.02)
    assert all(map(torch.equal, before, network.parameters()))


def test_a_cut_is_measured_against_the_whole_and_remembered(cutter, network, few):
    whole = cutter.cut("L1", conv1=1.0, conv2=1.0, fc1=1.0)
    assert (whole.bytes, whole.macs, whole.sizes) == (1, 1, (16, 32, 128))
    assert whole.accuracy == training.evaluate(network, *few)
    half = cutter.cut("L1", conv1=0.5, conv2=0.5, fc1=0.5)
    small = structure.remove_filters(network, dict.fromkeys(structure.REMOVABLE, 0.5))
    assert half.macs == measure.macs(small) / measure.macs(network)
    assert half.bytes == len(models.network_bytes(small)) / len(models.network_bytes(network))
    assert half.accuracy == pytest.approx(training.evaluate(small, *few), abs=0.02)
    assert cutter.cut("L1", conv1=0.5, conv2=0.5, fc1=0.5) is half
    assert cutter.cut("lot", conv1=0.5, conv2=0.5, fc1=0.5) is not half
    assert cutter.cut("L1", conv1=0.01, conv2=0.5, fc1=0.5).sizes == (1, 16, 64)


def test_bars_and_words_give_shares(network):
    seconds, macs = {"conv1": 1.0, "pool1": 3.0}, {"conv1": 50}
    axis = figures.time_and_work(seconds, macs).axes[0]
    assert [bar.get_height() for bar in axis.patches] == [100, 0, 25, 75]
    assert "conv1 calculates most, pool1 takes longest;\n75 % of the time" in axis.get_title()
    words = figures.words_for_time_and_work(seconds, macs)
    assert "pool1 75 % of the time and 0 % of the arithmetic" in words


def test_the_race_shows_every_network_before_and_after():
    found = {"by L1": [(0.5, 0.9), (0.4, 0.8)], "by lot": [(0.3, 0.7)], "fresh start": [(0.1, 0.6)]}
    axis = figures.race(found, whole=[0.92, 0.93]).axes[0]
    dots = sorted(line.get_ydata()[0] for line in axis.lines if line.get_marker() == "o")
    assert dots == pytest.approx([10, 30, 40, 50, 60, 70, 80, 90])
    assert axis.get_title() == "Ahead: by L1 (85.0%); behind: fresh start (60.0%)"
    assert "by L1: 50.0% to 90.0%, 40.0% to 80.0%" in figures.words_for_race(found)


def test_the_widget_follows_its_controls(cutter, network):
    marks = {"itself": cutter.measured(network)}
    live = widgets.live(
        lambda **v: figures.left(cutter.cut(**v), marks),
        alt=lambda **v: figures.words_for_left(cutter.cut(**v)),
        order=widgets.choice(["L1", "lot"]),
        conv1=widgets.slider(0.125, 1.0, start=0.75, step=0.125),
        conv2=widgets.slider(0.125, 1.0, start=0.75, step=0.125),
        fc1=widgets.slider(0.125, 1.0, start=0.625, step=0.125),
    )
    before = live.picture.value
    for name, value in (("conv1", 0.25), ("order", "lot"), ("fc1", 1.0)):
        live.controls[name].value = value
        assert live.error is None and live.picture.value != before
        before = live.picture.value
    cut = cutter.cut("lot", conv1=0.25, conv2=0.75, fc1=1.0)
    figure = figures.left(cut, marks)
    bars = [bar.get_width() for bar in figure.axes[0].patches]
    assert bars == pytest.approx([100 * v for v in (cut.bytes, cut.macs, cut.time, cut.accuracy)])
    assert "4 filters in conv1, 24 in conv2 and 128 units" in figures.words_for_left(cut)


def test_one_layer_at_a_time_is_cut(cutter):
    rows = cutter.one_by_one("L1", share=0.5)
    assert [row["layer"] for row in rows] == ["conv1", "conv2", "fc1"]
    alone = cutter.cut("L1", conv1=1.0, conv2=0.5, fc1=1.0)
    assert rows[1] == {"layer": "conv2", "bytes": alone.bytes, "time": alone.time,
                       "accuracy": alone.accuracy}  # fmt: skip


def test_who_leads_a_race_and_by_how_much():
    found = {"a": [(0.9, 0.6), (0.1, 0.8)], "b": [(0, 0.5), (0, 0.7)]}
    assert demo.ahead(found) == "a"
    assert demo.ahead(found | {"b": [(0, 0.5), (0, 0.9)]}) is None
    assert demo.ahead(found | {"b": [(0, 0.6), (0, 0.8)]}) is None  # a tie is no lead
    assert demo.leads(found, over="b") == {"a": pytest.approx([10, 10])}


def test_answers_are_those_of_the_network_itself(network, few):
    wanted = training.predict(network, few[0]).argmax(1)
    assert torch.equal(demo.answers({"one": network}, few[0])["one"], wanted)
    assert network.conv2.weight.is_contiguous()


def test_pooling_takes_its_share(network, few):
    assert 0 < demo.pooling_share(network, few[0]) < 1
    slow = torch.nn.Sequential()
    slow.fc, slow.pool = torch.nn.Linear(4000, 4000), torch.nn.Identity()
    assert demo.pooling_share(slow, torch.zeros(4, 4000)) < 0.5
