"""The pictures of lesson 2.3 say what the numbers say; the game hides and names the right maps."""

import pytest
import torch
from torch.nn import functional as F

from course_utils import fusion, models, plots, saliency, structure, surrogate, training, widgets
from course_utils.demos import figures_2_3 as figures
from course_utils.demos import lesson_2_3 as demo
from course_utils.demos import versions

METHODS = {"twin": "reference", "small": "pruning", "shuffled": "random", "whole": "reference"}


@pytest.fixture
def game():
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(3, 1, 8, 8, generator=generator)
    maps = [torch.randn(3, 1, 8, 8, generator=generator) for _ in range(4)]
    others = {"small": maps[0] + 0.1 * maps[1], "twin": maps[2], "shuffled": maps[3]}
    said = {"small": torch.tensor([0, 1, 2]), "twin": torch.tensor([3, 4, 5])}
    return demo.WhoseMap(images, maps[0], others, said)


def test_lines_are_limes_for_the_same_squares_and_samples():
    torch.manual_seed(0)
    network = models.SimplifiedCNN(channels=(4, 4), hidden=8).eval()
    images, classes = torch.rand(2, 1, 32, 32), torch.tensor([3, 7])
    found = versions.lines(network, images, classes, side=4, samples=60)
    grid = surrogate.grid_segments(32, 32, 4)
    theirs = surrogate.lime(network, images, classes, segments=grid, samples=60, log_odds=True)
    assert found.weights.shape == (2, 4, 4) and found.fits.shape == (2,)
    assert torch.allclose(found.weights.float(), theirs[:, 0, ::8, ::8], atol=1e-5)
    assert ((found.fits > 0) & (found.fits <= 1)).all()


@pytest.fixture
def study():
    torch.manual_seed(0)
    nets = [models.SimplifiedCNN(channels=(4, 4), hidden=8).eval() for _ in range(3)]
    pictures, classes = torch.rand(4, 1, 32, 32).clamp(min=0.4) - 0.4, torch.tensor([1, 5, 0, 9])
    validation = torch.rand(20, 1, 32, 32), torch.arange(20) % 10
    return versions.Versions(nets, pictures, classes, validation, steps=4, few=2)


@pytest.mark.parametrize("view", versions.VIEWS)
def test_a_version_is_compared_with_its_own_whole_network(study, view):
    one, two, three = study.networks["whole"]
    study.add("same", [one, two, three], "pruning")
    study.add("turned", [two, three, one], "pruning")
    assert study.agreement("same", view) == pytest.approx([1, 1, 1])
    assert study.agreement("turned", view) == study.agreement("twin", view)
    assert max(study.agreement("turned", view)) < 0.99
    study.add("first only", [one], "pruning")
    assert study.agreement("first only", view) == pytest.approx([1])


def test_versions_hold_maps_and_accuracies(study):
    one = study.networks["whole"][1]
    assert study.accuracy["whole"][1] == training.evaluate(one, *study.validation)
    maps = saliency.integrated_gradients(one, study.pictures, study.classes, steps=4)
    assert torch.equal(study.maps["whole"][1], maps)
    a, b = study.maps["whole"][:2]
    wanted = fusion.agreement(a, b, where=study.pictures > 0).mean().item()
    assert study.table(["twin"])["twin"][0] == pytest.approx(wanted)
    assert study.accuracy["twin"] == study.accuracy["whole"]


def test_squares_sum_their_pixels(study):
    maps = torch.zeros(4, 1, 32, 32)
    maps[:, :, 9, 17] = 3.0
    assert study.by_square(maps, maps * 2).tolist() == pytest.approx([1] * 4)
    elsewhere = maps.roll(1, dims=3)  # another pixel of the same square
    assert study.by_square(maps, elsewhere).tolist() == pytest.approx([1] * 4)
    assert study.by_pixel(maps, elsewhere).max() < 0.1


def test_one_network_has_no_twin():
    with pytest.raises(ValueError, match="two networks or more; got 1"):
        versions.Versions([models.SimplifiedCNN()], torch.rand(1, 1, 32, 32), torch.tensor([0]),
                          (torch.rand(1, 1, 32, 32), torch.tensor([0])))  # fmt: skip


def test_filters_leave_in_the_order_of_their_scores(study):
    one = study.networks["whole"][0]
    curve = demo.removal_curve(one, torch.tensor([0.3, 0.1, 0.9, 0.2]), study.validation,
                               shares=(0.5,), draws=2)  # fmt: skip
    smaller = structure.remove_filters(one, {"conv2": torch.tensor([1, 3])})
    assert curve["Taylor"][0.5] == [training.evaluate(smaller, *study.validation)]
    smaller = structure.remove_filters(one, {"conv2": 0.5})
    assert curve["L1 norm"][0.5] == [training.evaluate(smaller, *study.validation)]
    assert len(curve["by lot"][0.5]) == 2
    whole = training.evaluate(one, *study.validation)
    assert all(order[0.0] == [whole] for order in curve.values())


def verdict(name, ours, theirs):
    difference = sum(a - b for a, b in zip(ours, theirs, strict=True)) / len(ours)
    return {"difference": difference, "more than luck": difference > 0.05}


def test_clearer_turns_the_sign_where_less_is_clearer():
    measures = {"pixels\n(less is clearer)": {"whole": [0.5, 0.6], "small": [0.4, 0.5]},
                "steps\n(less is clearer)": {"whole": [1.0, 1.0], "small": [1.5, 1.5]},
                "fit\n(more is clearer)": {"whole": [0.5, 0.6], "small": [0.6, 0.7]}}  # fmt: skip

    rows = demo.clearer(measures, ["small"], verdict)
    values, stars = zip(*rows["small"], strict=True)
    assert values == pytest.approx((0.1, -0.5, 0.1)) and stars == (False, True, True)
    assert demo.starred(rows) == [{"network": "small", "fewer pixels": "+0.100",
                                   "smoother": "-0.500 ★", "simpler": "+0.100 ★"}]  # fmt: skip


def test_rankings_by_hand():
    assert demo.order_agreement([1, 2, 3], [10, 20, 90]) == pytest.approx(1)
    assert demo.order_agreement([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)


def test_silencing_moves_the_loss_as_removing_does(study):
    one, (images, labels) = study.networks["whole"][1], study.validation
    at = list(dict(one.named_children())).index("relu2") + 1
    found = demo.change_when_silent(one, at, images, labels)
    assert len(found) == 4
    for k, value in enumerate(found):
        without = structure.remove_filters(one, {"conv2": torch.tensor([k])})
        losses = [F.cross_entropy(training.predict(network, images), labels, reduction="none")
                  for network in (without, one)]  # fmt: skip
        assert value == pytest.approx((losses[0] - losses[1]).abs().mean().item(), abs=1e-6)


def test_a_winner_beats_all_others_by_more_than_luck():
    assert demo.winner({"a": [0.9, 0.9], "b": [0.7, 0.8], "c": [0.2, 0.1]}, verdict) == "a"
    assert demo.winner({"a": [0.2, 0.1], "b": [0.7, 0.8]}, verdict) == "b"
    near = {"a": [0.9, 0.9], "b": [0.88, 0.89], "c": [0.2, 0.1]}
    assert demo.winner(near, verdict) == "no clear winner"


def test_accuracies_are_means_of_the_draws():
    one = {"Taylor": {0.5: [0.9]}, "by lot": {0.5: [0.6, 0.8]}}
    other = {"Taylor": {0.5: [0.7]}, "by lot": {0.5: [0.5, 0.5]}}
    found = demo.accuracies([one, other], 0.5)
    assert found["Taylor"] == [0.9, 0.7] and found["by lot"] == pytest.approx([0.7, 0.5])


def test_measures_and_fits_hold_every_version(study):
    study.add("first only", study.networks["whole"][:1], "pruning")
    means = study.measure(lambda maps: maps.mean().item())
    assert means["whole"] == [one.mean().item() for one in study.maps["whole"]]
    assert means["first only"] == means["whole"][:1]
    fits = study.fits()
    assert fits["whole"] == [one.fits.mean().item() for one in study.lines("whole")]
    assert fits["first only"] == pytest.approx(fits["whole"][:1])


def test_the_game_is_about_network_1_and_its_twin():
    torch.manual_seed(0)
    nets = [models.SimplifiedCNN(channels=(2, 2), hidden=4).eval() for _ in range(2)]
    pictures, classes = torch.rand(12, 1, 32, 32), torch.arange(12) % 10
    study = versions.Versions(nets, pictures, classes, (pictures, classes), steps=2)
    study.add("small", nets[::-1], "pruning")
    game = demo.whose_map(study, -study.maps["whole"][0], names=("small",))
    whole = study.maps["whole"]
    assert list(game.others) == ["small", "twin", "shuffled"]
    assert torch.equal(game.whole, whole[0][:10]) and torch.equal(game.images, pictures[:10])
    assert torch.equal(game.others["twin"], whole[1][:10])
    assert torch.equal(game.others["small"], study.maps["small"][0][:10])
    assert torch.equal(game.others["shuffled"], -whole[0][:10])
    says = training.predict(nets[1], pictures[:10]).argmax(1)
    assert torch.equal(game.said["small"], says) and torch.equal(game.said["twin"], says)
    assert "shuffled" not in game.said


def test_each_letter_stands_for_its_map(game):
    for picture in range(3):
        order = game.order(picture)
        assert sorted(order) == sorted(game.others)
        axes = game.draw(picture, "A", True).axes
        for axis, name in zip(axes[2:], order, strict=True):
            drawn = torch.as_tensor(axis.images[0].get_array()).float()
            assert torch.allclose(drawn, game.others[name][picture, 0])
            assert name in axis.get_title()
            value = fusion.agreement(game.whole, game.others[name], where=game.images > 0)
            assert f"{value[picture]:.2f}" in axis.get_title()


def test_names_stay_hidden_until_asked_for(game):
    for picture in range(3):
        made = game.draw(picture, "B", False)
        told = game.words(picture, "B", False) + " ".join(axis.get_title() for axis in made.axes)
        assert not any(name in told for name in ("small", "shuffled", "agreement 0"))
        assert made.get_suptitle() == "You took B for the twin's: show the names"
    made = game.draw(0, demo.HIDDEN, False)
    assert made.get_suptitle() == "Which of these maps is the twin's?"


def test_the_verdict_knows_the_twin(game):
    right = game.letters()[game.order(0).index("twin")]
    wrong = next(letter for letter in game.letters() if letter != right)
    assert game.verdict(0, right, True).endswith("you saw it")
    assert game.verdict(0, wrong, True) == f"The twin's map is {right}, and you took {wrong} for it"
    assert "not guessed" in game.verdict(0, demo.HIDDEN, True)
    assert right in game.words(0, wrong, True)


def test_the_order_changes_with_the_picture():
    game = demo.WhoseMap(torch.rand(10, 1, 2, 2), torch.rand(10, 1, 2, 2),
                         {n: torch.rand(10, 1, 2, 2) for n in "abcd"}, {})  # fmt: skip
    assert len({tuple(game.order(picture)) for picture in range(10)}) > 4


def test_the_widget_follows_its_controls(game):
    live = widgets.live(
        game.draw, alt=game.words, picture=widgets.choice({"one": 0, "two": 1}),
        guess=widgets.choice([demo.HIDDEN, *game.letters()]), names=widgets.switch(False),
    )  # fmt: skip
    before = live.picture.value
    for name, value in (("picture", 1), ("names", True), ("guess", "C")):
        live.controls[name].value = value
        assert live.error is None and live.picture.value != before
        before = live.picture.value


def test_agreements_show_every_seed_their_mean_and_the_accuracy():
    agree = {"twin": [0.3, 0.4], "small": [0.7, 0.9], "shuffled": [0.0]}
    accuracy = {"twin": [0.9, 0.92], "small": [0.8, 0.9]}
    axis = figures.agreements(agree, accuracy, METHODS, title="x").axes[0]
    dots, means = axis.lines[::2], axis.lines[1::2]
    assert [list(line.get_xdata()) for line in dots] == list(agree.values())
    assert [line.get_xdata()[0] for line in means] == pytest.approx([0.35, 0.8, 0])
    assert dots[1].get_color() == plots.COLOURS["pruning"]
    told = [text.get_text() for text in axis.texts]
    assert {"91.0%", "85.0%", "–"} <= set(told)
    words = figures.words_for_agreements(agree, accuracy)
    assert "small 0.80 at 85.0% accuracy" in words and words.endswith("shuffled 0.00.")


def test_the_band_is_the_twins_range():
    made = figures.agreements({"twin": [0.3, 0.4], "small": [0.9, 0.9]}, {}, METHODS, title="x")
    band = made.axes[0].patches[0].get_extents().transformed(made.axes[0].transData.inverted())
    assert (band.x0, band.x1) == pytest.approx((0.3, 0.4))


def test_clearness_shows_each_measure():
    rows = {"pixels\n(less)": {"whole": [0.5, 0.6], "small": [0.55, 0.58]},
            "fit\n(more)": {"whole": [0.8, 0.82], "small": [0.7, 0.9]}}  # fmt: skip
    made = figures.clearness(rows, METHODS, title="x")
    for axis, measure in zip(made.axes, rows.values(), strict=True):
        assert [list(line.get_xdata()) for line in axis.lines[::2]] == list(measure.values())
    words = figures.words_for_clearness(rows)
    assert "pixels, (less): whole 0.55" in words and "small 0.80" in words


def test_removal_shows_every_order_and_the_range_of_the_draws():
    one = {"Taylor": {0.25: [0.9], 0.5: [0.8]}, "L1 norm": {0.25: [0.85], 0.5: [0.6]},
           "by lot": {0.25: [0.8, 0.9], 0.5: [0.5, 0.7]}}  # fmt: skip
    made = figures.removal([one, one], names=["a", "b"], title="x")
    axis = made.axes[0]
    lines = {line.get_label(): list(line.get_ydata()) for line in axis.lines}
    assert lines["Taylor"] == [0.9, 0.8] and lines["by lot"] == pytest.approx([0.85, 0.6])
    assert len(axis.collections) == 1, "only the draws have a range"
    words = figures.words_for_removal([one, one], names=["a", "b"])
    assert "b: Taylor 90% at 25%, 80% at 50%" in words and "by lot 85% at 25%" in words


def test_maps_row_draws_each_map():
    maps = {"a": torch.randn(1, 4, 4), "b": torch.zeros(1, 4, 4)}
    axes = figures.maps_row(torch.rand(1, 4, 4), maps, title="x").axes
    assert [axis.get_title() for axis in axes] == ["the picture", "a", "b"]
    assert torch.allclose(torch.as_tensor(axes[1].images[0].get_array()), maps["a"][0].double())
