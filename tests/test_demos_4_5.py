"""Lesson 4.5 counts every byte once, and its budget buys the best that it can pay."""

import pytest
import torch
from safetensors.torch import load

from course_utils import data, entropy, measure, models, paired, prune, shared
from course_utils.demos import byte_accounts as accounts
from course_utils.demos import figures_4_5 as figures
from course_utils.demos import lesson_4_5 as demo
from course_utils.demos import records_4_5 as records


@pytest.fixture(scope="module")
def thin():
    torch.manual_seed(0)
    return prune.magnitude(models.Net(hidden=(40, 20)), 0.9)


@pytest.fixture(scope="module")
def table(thin):
    return shared.share_weights(thin, clusters=16)


def test_an_anatomy_counts_every_byte_once(table):
    content = models.network_bytes(table, small=True)
    spent = accounts.anatomy(content)
    assert list(spent) == list(accounts.COUNTS)
    assert sum(spent.values()) == pytest.approx(len(content))
    # version, class, count, a list of two, buffers, checksum, and less than a byte of coding
    assert 9 <= spent["header and checksum"] < 14
    assert spent["biases"] == 3 + 2 * (40 + 20 + 10)  # float16
    assert spent["tables and scales"] == 3 * (2 + 2 * 16)
    used = sum(int((w != 0).sum()) for w in prune.prunable(table).values())
    assert 0.8 * used * 4 / 8 < spent["values"] < 1.05 * used * 4 / 8


def test_a_network_without_zeros_pays_nothing_for_places():
    torch.manual_seed(0)
    network = models.Net(hidden=(9, 9))
    spent = accounts.anatomy(models.network_bytes(network, bits="binary", small=True))
    assert spent["where the zeros are"] < 20 < spent["values"]


def test_steps_by_hand(thin, table):
    steps = accounts.step_bytes(thin, table)
    every, used = 784 * 40 + 40 * 20 + 20 * 10, prune.sparsity(thin)
    left = round(every * (1 - used))
    assert list(steps) == list(accounts.STEPS)
    assert steps[accounts.STEPS[0]] == 4 * measure.parameters(thin) == 4 * every + 280
    assert steps[accounts.STEPS[1]] == pytest.approx(280 + every / 8 + 4 * left, abs=1)
    assert steps[accounts.STEPS[2]] == pytest.approx(280 + every / 8 + left / 2 + 3 * 64, abs=1)
    assert steps[accounts.STEPS[3]] == len(models.network_bytes(table, coded=True))
    assert steps[accounts.STEPS[4]] == len(models.network_bytes(table, small=True))
    factors = accounts.factors([steps, steps])
    product = factors["pruning"] * factors["sharing"] * factors["coding"]
    assert product == pytest.approx(steps[accounts.STEPS[0]] / steps[accounts.STEPS[4]])


def test_index_entries_by_hand():
    mask = torch.tensor([1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0]).bool()
    assert accounts.index_entries(mask, 4) == 1 + 1 + 1 + 2
    assert accounts.index_entries(mask.view(3, 4), 4) == 5
    assert accounts.index_entries(torch.zeros(9).bool(), 4) == 0


@pytest.fixture
def budget(monkeypatch):
    """Three networks of known sizes that say what they are told to."""
    labels = torch.arange(20) % 10
    sizes = {"LeNet300": 4000, "LeNet5": 9000, "Tiny": 900, "Tiny-1KiB": 800}
    right = {"LeNet300": 18, "LeNet5": 19, "Tiny": 15, "Tiny-1KiB": 15}

    def says(name):
        said = labels.clone()
        said[right[name] :] = (said[right[name] :] + 1) % 10
        return lambda images: torch.nn.functional.one_hot(said, 10).float()

    monkeypatch.setattr(demo, "file_bytes", lambda name, network: sizes[name])
    return demo.Budget({n: says(n) for n in sizes}, torch.rand(20, 1, 28, 28), labels)


def test_a_budget_buys_the_best_it_can_pay(budget):
    assert budget.best(10_000) == "LeNet5"
    assert budget.best(9000) == "LeNet5"
    assert budget.best(8999) == "LeNet300"
    assert budget.best(950) == "Tiny-1KiB"  # as good as Tiny, and smaller
    assert budget.best(799) is None


@pytest.mark.parametrize("allowed", [500, 850, 5000, 20_000])
def test_the_budget_says_what_it_draws(budget, allowed):
    figure, words = budget.draw(allowed), budget.words(allowed)
    titles = [axis.get_title() for axis in figure.axes]
    chosen = budget.best(allowed)
    assert titles[0].startswith(f"{allowed:,} bytes buy")
    methods = {text.get_text() for text in figure.axes[0].get_legend().texts}
    assert methods == {demo.SHELF[name] for name in budget.bytes}
    if chosen is None:
        assert "No network" in words and not any("“" in title for title in titles[1:])
    else:
        wrong = round(20 * (1 - budget.accuracy[chosen]))
        assert chosen in titles[0] and chosen in words and f"{wrong} wrong" in words
        assert sum("“" in title for title in titles[1:]) == min(9, wrong)


def test_the_reckoning_compares_with_the_network_it_came_from(budget, monkeypatch):
    monkeypatch.setattr(demo.training, "predict", lambda network, images: network(images))
    says = {name: (lambda said: lambda images: said)(one) for name, one in budget.answers.items()}
    says = {n: (lambda one: lambda images: torch.nn.functional.one_hot(one(0), 10).float())(f)
            for n, f in says.items()}  # fmt: skip
    rows = {row["file"]: row for row in demo.reckoning(says, budget.images, budget.labels)}
    assert rows["LeNet5"]["ratio"] == 1 and rows["Tiny"]["ratio"] == 10
    assert rows["LeNet300"]["ratio"] == 1
    gap = paired.compare(budget.answers["LeNet5"], budget.answers["Tiny"], budget.labels)
    assert rows["Tiny"]["against whole"] == pytest.approx(100 * gap.difference)
    assert rows["Tiny"]["± (points)"] == pytest.approx(100 * gap.error)
    assert rows["Tiny"]["error"] == pytest.approx(0.25)


def test_moving_loses_what_leaves_and_brings_in_black():
    images = torch.arange(4.0).expand(1, 1, 3, 4)
    assert demo.moved(images, 2)[0, 0, 0].tolist() == [0, 0, 0, 1]
    assert demo.moved(images, -1)[0, 0, 0].tolist() == [1, 2, 3, 0]
    assert torch.equal(demo.moved(images, 0), images)


def test_networks_on_moved_images_are_paired_with_the_first():
    images = torch.eye(4).view(4, 1, 1, 4)  # one lit pixel; it tells the class
    networks = {"a": lambda x: x.flatten(1), "b": lambda x: x.flatten(1).roll(1, 1)}
    curves, gaps = demo.on_moved(networks, images, torch.arange(4), [-1, 0])
    # moved left, the first image is black, and both say 0; b undoes the move of the others
    assert curves == {"a": [0.25, 1.0], "b": [1.0, 0.0]} and list(gaps) == ["b"]
    assert [gap.difference for gap in gaps["b"]] == [0.75, -1.0]


def test_records_are_rows_with_their_source():
    rows = records.rows()
    assert all("(1" in row["paper"] and 0 < row["error"] < 0.05 for row in rows)
    assert any(row["seen in"] == records.NOT_CHECKED for row in rows)


def test_pictures_say_what_the_numbers_say(table, thin):
    steps = accounts.step_bytes(thin, table)
    figure = figures.steps([steps, steps], title="t")
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == list(accounts.STEPS)
    assert f"{steps[accounts.STEPS[0]]:,.0f} bytes" in figures.words_for_steps([steps])
    spent = accounts.anatomy(models.network_bytes(table, small=True))
    figure = figures.anatomies({"one": spent, "two": spent}, title="t")
    assert sum(bar.get_width() for bar in figure.axes[0].patches) == pytest.approx(200)
    assert f"biases {spent['biases']:,.0f}" in figures.words_for_anatomies({"one": spent})
    curves = {"LeNet5": [0.99, 0.5], "Tiny": [0.98, 0.7]}
    figure = figures.falls(curves, [0, 3], title="t", unit="pixels")
    assert [line.get_label() for line in figure.axes[0].lines] == list(curves)
    assert "Tiny: 98.0% at 0, 70.0% at 3." in figures.words_for_falls(curves, [0, 3])


def test_the_committed_files_are_what_the_lesson_says():
    folder = data.folder() / "networks"
    sizes = {name: measure.file_bytes(models.network_path(name))
             for name in demo.SHELF if name != "LeNet5-int4"}  # fmt: skip
    assert sizes["LeNet300"] / sizes["LeNet300-shared"] > 125
    assert sizes["LeNet5"] / sizes["LeNet5-shared"] > 40
    assert sizes["LeNet5"] / sizes["LeNet5-thousandfold"] > 1000
    assert sizes["LeNet5-ternary"] < 90_000 and sizes["LeNet5-binary"] < 57_000
    assert sizes["Tiny-1KiB"] <= 1024
    assert sum(t.numel() for t in load((folder / "Tiny.safetensors").read_bytes()).values()) < 2000


def test_the_coders_account_is_what_the_file_takes():
    symbols = torch.randint(0, 5, (30, 40), generator=torch.Generator().manual_seed(0))
    symbols[:, ::3] = 0
    zeros, rest = accounts._symbol_bytes(symbols, 5)
    assert zeros + rest == pytest.approx(len(entropy.encode(symbols, alphabet=5)), abs=1)
    assert zeros == pytest.approx(len(entropy.encode((symbols > 0).long(), alphabet=2)), abs=1)


def test_shuffling_keeps_the_symbols_and_loses_their_order():
    symbols = torch.zeros(40, 50, dtype=torch.int64)
    symbols[:10] = torch.randint(1, 4, (10, 50), generator=torch.Generator().manual_seed(0))
    ours = entropy.bits(symbols, alphabet=4) / 8
    shuffled = [accounts.shuffled_bytes(symbols, 4, seed=k) for k in (0, 0, 1)]
    assert shuffled[0] == shuffled[1] != shuffled[2]
    counts = symbols.flatten().bincount().double() / symbols.numel()
    entropy_bytes = -(counts * counts.log2()).sum().item() * symbols.numel() / 8
    assert ours < 0.8 * entropy_bytes
    assert min(shuffled) == pytest.approx(entropy_bytes, rel=0.03)
