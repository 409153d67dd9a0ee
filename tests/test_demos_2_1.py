"""Lesson 2.1's workbench measures what it draws, and its pictures show what its words say."""

import pytest
import torch

from course_utils import data, models, prune, quantize, structure, widgets
from course_utils.demos import figures_2_1 as figures
from course_utils.demos import lesson_2_1 as demo


@pytest.fixture(scope="module")
def bench():
    images, labels = data.fashion_mnist("validation", limit=100)
    return demo.Bench(models.load_network("SimplifiedCNN"), images, labels)


def test_each_cut_is_the_packages_one_line(bench):
    network, x = bench.network, bench.images[:4]
    quarter = structure.remove_filters(network, {"conv1": 0.25, "conv2": 0.25, "fc1": 0.25})
    for ours, theirs in (
        (demo.cut(network, "structure", 0.25), quarter),
        (demo.cut(network, "quantization", 4), quantize.quantize_weights(network, bits=4)),
        (demo.cut(network, "pruning", 0.9), prune.magnitude(network, 0.9)),
    ):
        assert torch.equal(ours(x), theirs(x))
    with pytest.raises(ValueError, match="method must be one of structure"):
        demo.cut(network, "distillation", 0.5)


def test_survivors_are_the_weights_of_the_smaller_network(bench):
    for strength in demo.STRENGTHS["structure"]:
        stays = demo.survives(bench.network, strength)
        small = demo.cut(bench.network, "structure", strength).conv2.weight
        assert torch.equal(bench.network.conv2.weight[stays], small.flatten())


def test_stronger_cuts_are_shorter_and_the_file_is_counted_whole(bench):
    for method in demo.METHODS:
        cuts = bench.curve(method)
        assert [cut.strength for cut in cuts] == list(demo.STRENGTHS[method])
        sizes = [cut.content for cut in cuts]
        assert sizes == sorted(sizes, reverse=True)
    one = bench.cut("quantization", 4)
    whole = models.network_bytes(bench.network, bits=4, coded=True)
    assert one.content == len(whole)
    path = models.network_path("PrunedCNN")
    assert bench.file("PrunedCNN")[0] == path.stat().st_size


def test_a_cut_is_measured_once(bench):
    assert bench.cut("pruning", 0.9) is bench.cut("pruning", 0.9)


def test_the_picture_rings_the_chosen_cut(bench):
    for method in demo.METHODS:
        for strength in range(4):
            cut = bench.cut(method, demo.STRENGTHS[method][strength])
            right = figures.bench(bench, method, strength).axes[1]
            ring = right.lines[-1]
            assert ring.get_xdata()[0] == cut.content / 1000
            assert ring.get_ydata()[0] == pytest.approx(100 * cut.accuracy)
            words = figures.bench_in_words(bench, method, strength)
            assert f"{cut.content:,} bytes" in words and f"{cut.accuracy:.1%}" in words
            assert f"{cut.content:,} bytes" in right.get_title()


def test_trained_files_are_stars_and_exist():
    assert all(models.network_path(name).is_file() for name in figures.TRAINED)


def test_the_four_functions_are_told_apart(bench):
    student = models.load_network("KnowledgeDistilledCNN")
    axes = figures.four_functions(bench.network, student).axes
    assert [axis.get_title().split(":")[0] for axis in axes] == [*demo.METHODS, "distillation"]
    corner = bench.network.conv2.weight[:16, :8].flatten().detach()
    wanted = torch.corrcoef(torch.stack([corner, student.conv2.weight.flatten().detach()]))[0, 1]
    assert figures.likeness(bench.network, student) == pytest.approx(wanted.item())
    assert f"{wanted:.2f}" in axes[3].get_title()


def test_the_widget_follows_its_controls(bench):
    live = widgets.live(
        lambda method, strength: figures.bench(bench, method, strength),
        alt=lambda method, strength: figures.bench_in_words(bench, method, strength),
        method=widgets.choice(demo.METHODS, start="pruning"),
        strength=widgets.choice({"mild": 0, "extreme": 3}, start=0),
    )
    before = live.picture.value
    for name, value in (("method", "quantization"), ("strength", 3), ("method", "structure")):
        live.controls[name].value = value
        assert live.error is None and live.picture.value != before
        before = live.picture.value
