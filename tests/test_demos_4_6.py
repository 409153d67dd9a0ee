"""Lesson 4.6: what its tables count, what its covers and maps show."""

import itertools
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy
import pytest
import torch
from PIL import Image
from torch import nn

from course_utils import models, photos, quantize, surrogate
from course_utils.demos import figures_4_6 as figures
from course_utils.demos import layer_kinds, one_scale, own_photo, photo_record
from course_utils.demos import lesson_4_6 as demo
from course_utils.models import lite0
from course_utils.recipes import photographs

pytest_plugins = ["stand_ins"]


def looks(*places):
    """A network of two classes whose first logit is the brightness of some places, and no more."""

    def network(images):
        seen = sum(images[:, 0, down, right] for right, down in places)
        return torch.stack([seen, torch.zeros(len(images))], 1)

    return network


@pytest.fixture(scope="module")
def tiny():
    """A small network of the same kind: 32 pixels, 5 classes; its float file, its integers."""
    torch.manual_seed(0)
    network = lite0.EfficientNetLite0(size=32, classes=5)
    with torch.no_grad():  # a few images settle the statistics of its normalisation
        for _ in range(3):
            network(torch.rand(16, 3, 32, 32))
    return lite0.fold_norms(network.eval())


@pytest.fixture(scope="module")
def files(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lite")
    floats = quantize.export_onnx(tiny, folder / "floats.onnx", input_shape=(3, 32, 32))
    images = torch.rand(20, 3, 32, 32, generator=torch.manual_seed(1))
    return floats, quantize.quantize_static(floats, folder / "eights.onnx", images)


# ---- answers


def test_wrong_answers_are_those_that_no_name_fits():
    logits = torch.zeros(3, 1000)
    for row, word in enumerate(("tabby", "moped", "football helmet")):
        logits[row, photos.classes().index(word)] = 9
    assert demo.wrong_answers(["cat", "coffee", "astronaut"], logits) == ["coffee", "astronaut"]
    first = demo.answer_rows(["cat"], logits[:1])[0]
    assert first["photo"] == "a tabby cat" and first["first"].startswith("tabby 8")


def test_same_answers_are_counted_photograph_by_photograph():
    one, other = torch.zeros(5, 4, 3), torch.zeros(5, 4, 3)
    one[..., 1], other[..., 1] = 1, 1
    other[0, 0, 2] = other[0, 1, 2] = other[1, 0, 2] = 5
    assert demo.same_answers(one, other).tolist() == [0.5, 0.75, 1, 1, 1]
    (row,) = demo.agreement_rows({"x": other}, one)
    assert row["cat"] == "50%" and row["coffee"] == "75%" and row["mean"] == "0.85 ± 0.10"


def test_no_photograph_both_calibrates_and_judges():
    assert not set(demo.CALIBRATION) & set(demo.EXPLAINED)
    assert demo.calibration(count=2).shape == (14, 3, 224, 224)


# ---- one scale


def test_codes_left_tell_how_alike_channels_are():
    net = nn.Sequential(nn.Conv2d(3, 3, 1, groups=3), nn.Conv2d(3, 3, 1))
    small = nn.Sequential(nn.Linear(2, 3))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([1.0, -0.5, 0.1]).view(3, 1, 1, 1))
        net[1].weight.fill_(0.2)
        small[0].weight.copy_(torch.tensor([[1.0, 0], [0, 0.1], [-0.1, 0]]))
    left = one_scale.codes_left(small, net)
    assert left["depthwise"] == [pytest.approx(63.5)]
    assert left["all other layers"] == [pytest.approx(127)]
    assert left["SimplifiedCNN"] == [pytest.approx(12.7)]
    assert layer_kinds.depthwise_share(net) == pytest.approx(3 / 18)


def test_one_scale_rounds_only_the_kinds_that_are_named(tiny, files):
    import onnx

    def stored(kinds):
        graph = onnx.load_from_string(one_scale.rounded(files[0], tiny, kinds).bytes).graph
        return {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}

    many, deep = stored(()), stored(["depthwise"])
    look, narrow = "block2.look.1.weight", "block2.narrow.0.weight"
    layers = dict(tiny.named_modules())
    for name, axis in ((look, None), (narrow, 0)):
        weight = layers[name.removesuffix(".weight")].weight
        wanted = quantize.round_weight(weight, bits=8, axis=axis).dequantize()
        assert numpy.allclose(deep[name], wanted.detach().numpy())
    assert not numpy.array_equal(many[look], deep[look])
    assert numpy.array_equal(many[narrow], deep[narrow])


def test_blame_is_how_far_the_logits_are_off(tiny, files):
    crops = torch.rand(5, 4, 3, 32, 32, generator=torch.manual_seed(3))
    whole = demo.logits(models.OnnxNetwork(files[0]), crops)
    rows, hurt, other = one_scale.rows(files[0], tiny, crops, whole)
    assert [row["network"] for row in rows] == [
        "many scales", "one scale: depthwise", "one scale: all other layers"]  # fmt: skip
    for found, kind, row in zip((hurt, other), one_scale.KINDS, rows[1:], strict=True):
        answers = demo.logits(one_scale.rounded(files[0], tiny, [kind]), crops)
        off = (answers - whole).abs().mean((1, 2))
        assert torch.equal(found, off) and row["logits off by"] == demo.told(off)
        assert row["mean"] == demo.told(demo.same_answers(answers, whole))


def test_every_layer_has_its_kind_and_the_times_add_up(tiny, files):
    order = layer_kinds.kinds(tiny)
    assert len(order) == 49 and order[0] == ("stem.1", "first")
    assert [kind for _, kind in order].count("depthwise") == 16
    rows = layer_kinds.time_rows({"floats": files[0]}, tiny, torch.rand(1, 3, 32, 32))
    assert sum(row["share of the work"] for row in rows) == pytest.approx(1)
    assert [row["products in a sum"] for row in rows] == ["27", "9 to 25", "16 to 1,152", ""]
    assert all(row["floats"] > 0 for row in rows)


def test_one_scale_does_our_own_network_no_harm():
    assert one_scale.on_clothes(models.load_network("SimplifiedCNN")) > 0.99


# ---- maps


def test_the_integers_map_sums_to_the_integers_logit(tiny, files):
    images = torch.rand(3, 3, 32, 32, generator=torch.manual_seed(2))
    network = models.OnnxNetwork(files[1])
    logits = network(images)
    classes = torch.tensor([0, 3, 4])
    found = demo.integer_cam(files[1], tiny, images, classes)
    assert found.shape == (3, 1, 32, 32)  # one place only: its map is the same everywhere
    sums = found[:, 0, 0, 0] + tiny.fc.bias[classes].detach()
    step = (logits.max() - logits.min()) / 50
    assert torch.allclose(sums, logits[range(3), classes], atol=step.item())


def test_lime_finds_the_piece_that_is_looked_at():
    torch.manual_seed(0)
    image = torch.rand(1, 3, 64, 64) * 0.2
    image[..., 32:] += 0.8
    found, seconds = demo.explain(looks((60, 5)), image, samples=150, label=0)
    assert found.shape == (64, 64) and seconds > 0
    assert found[5, 60] == found.max() > 0


def test_superpixels_are_numbered_without_gaps():
    pieces = demo.superpixels(photos.batch(["cat"]))
    assert pieces.unique().tolist() == list(range(int(pieces.max()) + 1))


# ---- covers


def test_a_cover_counts_only_where_it_hides_what_is_looked_at():
    image = torch.full((1, 3, 224, 224), 0.5)
    network = looks((140, 160))
    spots, black = list(demo.PLACES.values()), torch.zeros(3, demo.SIDE, demo.SIDE)
    fall = demo.covered(network, image, 0, spots, black)
    assert fall.tolist() == [0, 0, 0, 0, 0, pytest.approx(0.5)]
    assert (image == 0.5).all()
    assert [by.argmax().item() for by in demo.falls(network, image, 0).values()][1] == 5
    image[0, :, 160, 140] = 1
    right, down = demo.hardest_anywhere(network, image, 0)
    assert right <= 140 < right + demo.SIDE and down <= 160 < down + demo.SIDE


def test_the_six_squares_lie_in_the_picture_and_apart():
    boxes = list(demo.PLACES.values())
    assert all(0 <= edge <= 224 - demo.SIDE for box in boxes for edge in box)
    for one, other in itertools.combinations(boxes, 2):
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) >= demo.SIDE


def test_against_seeds_says_which_is_larger():
    for ours, words in (((0.2, 0.3, 0.25), "worse"), ((0.9, 0.2, 0.55), "about"),
                        ((0.8, 0.7, 0.75), "better")):  # fmt: skip
        rows = [{"another seed": 0.5, "integers": rho} for rho in ours]
        assert demo.against_seeds(rows, "integers").startswith(words)
        assert demo.column(rows, "integers").tolist() == list(ours)


# ---- the recipe and its record


def test_a_part_of_the_answers_is_fitted_as_if_asked_alone():
    image = torch.rand(1, 3, 32, 32, generator=torch.manual_seed(0))
    pieces = surrogate.grid_segments(32, 32, 3)
    network = looks((3, 3), (20, 20))
    ask = photographs.Asked(network, image, 0, pieces)
    answer = ask(200, 1)
    ours = ask.line(answer, 80).weights
    masks, odds = answer
    near = surrogate.nearness(masks[:80], 0.25)
    theirs = surrogate.weighted_line(masks[:80], odds[:80], near).weights
    assert torch.equal(ours, theirs)
    whole = surrogate.lime(network, image, 0, segments=pieces, background=lite0.GREY,
                           log_odds=True, samples=200, seed=1)  # fmt: skip
    assert torch.allclose(whole[0, 0], ask.line(answer).weights[pieces].float(), atol=1e-5)
    assert photographs.fresh_fit(ask.line(answer), *ask(300, 2)) == pytest.approx(1, abs=1e-3)


def test_a_file_takes_images_of_another_size(files, tiny):
    smaller = photographs.resized(files[0], 64)
    images = torch.rand(2, 3, 64, 64)
    larger = lite0.EfficientNetLite0(size=64, classes=5, norm=False).eval()
    larger.load_state_dict(tiny.state_dict())
    with torch.no_grad():
        assert torch.allclose(smaller(images), larger(images), atol=1e-4)


@pytest.fixture(scope="module")
def record():
    return photo_record.Record()


def test_the_record_fits_the_photographs(record):
    for name in demo.EXPLAINED:
        pieces = record.segments(name)
        assert torch.equal(pieces, demo.superpixels(photos.batch([name])))
        assert record.careful(name).shape == (224, 224)
        assert record.weights(name, "mended", 200).shape == (3, int(pieces.max()) + 1)
    assert photos.classes()[record.label("coffee")] == "espresso"


def test_more_masks_come_nearer_and_chance_does_not(record):
    found = record.fidelity()
    mean = {way: sum(values) / 5 for way, values in found.items()}
    assert mean["50 masks"] < mean["100 masks"] < mean["200 masks"]
    assert abs(mean["control: shuffled"]) < 0.3
    fits = record.fresh_fit()
    assert sum(fits[50]) < sum(fits[100]) < sum(fits[200])
    rows = record.rows({"50 masks": 1.26})
    assert record.fits_in_words(200).startswith(f"cat {fits[200][0]:.2f}, coffee ")
    assert rows[0]["seconds"] == "1.3" and rows[-1]["seconds"] == rows[-1]["R²"] == "–"


def test_a_network_agrees_with_itself_whatever_the_seeds_say(record):
    rows = record.drift("floats", "mended")
    assert [row["photo"] for row in rows] == list(demo.EXPLAINED)
    assert all(row["floats"] == pytest.approx(1) for row in rows)
    assert all(row["another seed"] < 1 for row in rows)


# ---- figures


def test_the_squares_are_drawn_without_maps_too():
    image = photos.batch(["astronaut"])
    made = figures.places(image, {}, title="Six squares")
    assert len(made.axes) == 1 and len(made.axes[0].patches) == len(demo.PLACES)
    assert len(figures.places(image, {"map": torch.rand(224, 224)}, title="x").axes) == 2


# ---- a photograph of the learner's own


def picture_file(folder, name="beach.png"):
    photos.load("cat").resize((40, 30)).save(folder / name)
    return (folder / name).read_bytes()


def test_a_chosen_file_serves_in_ipywidgets_7_and_8(tmp_path, notebook):
    mine = own_photo.button("coffee")
    assert "application/vnd.jupyter.widget-view+json" in notebook[-1]
    assert mine.picture().size == photos.load("coffee").size  # nothing chosen yet
    content = picture_file(tmp_path)
    eight = ({"name": "beach.png", "content": memoryview(content)},)
    seven = {"beach.png": {"metadata": {"name": "beach.png"}, "content": content}}
    for value in (eight, seven):
        mine.button = SimpleNamespace(value=value)
        assert mine.picture().size == (40, 30)


def test_the_widget_gives_what_is_expected_of_it(tmp_path):
    mine = own_photo.OwnPhoto()
    assert not own_photo._files(mine.button.value)
    content = picture_file(tmp_path)
    file = {"name": "beach.png", "type": "image/png", "size": len(content)}
    seventh = {"beach.png": {"metadata": file, "content": content}}  # as Colab's ipywidgets has it
    eighth = (file | {"content": memoryview(content), "last_modified": datetime.now(UTC)},)
    mine.button.set_trait("value", seventh if isinstance(mine.button.value, dict) else eighth)
    assert mine.picture().size == (40, 30)
    assert own_photo._files(seventh) == own_photo._files(eighth) == [("beach.png", content)]


def test_a_file_that_is_no_picture_is_named():
    mine = own_photo.OwnPhoto()
    mine.button = SimpleNamespace(value=({"name": "../notes.txt", "content": b"words"},))
    with pytest.raises(ValueError, match=r"notes\.txt is no picture"):
        mine.picture()


def test_without_widgets_a_path_serves(tmp_path, no_widgets):
    picture_file(tmp_path)
    mine = own_photo.button(tmp_path / "beach.png")
    assert mine.button is None and mine.picture().size == (40, 30)
    assert "beach.png" in mine.bundle()["text/html"]


@pytest.mark.parametrize("size", [(1, 1), (400, 3)])
def test_lime_explains_a_picture_without_edges(size):
    picture = photos.crop(Image.new("RGB", size, "white"))
    found, _ = demo.explain(looks((60, 5)), picture, samples=80, label=0)
    assert found.shape == (224, 224) and found.isfinite().all()


def test_every_choice_can_be_drawn_and_told(record):
    images = photos.batch(demo.EXPLAINED)
    cams = {way: torch.randn(5, 1, 224, 224) for way in figures.Chooser.NETWORKS}
    choose = figures.Chooser(record, images, cams)
    for network in choose.NETWORKS:
        for method in choose.METHODS:
            assert choose.map("coffee", network, method).shape == (224, 224)
    assert choose.draw("astronaut", "mended", "LIME, seed 1").axes
    assert "rank correlation" in choose.words("cat", "floats", "LIME, seed 0")
    ordered = choose.map("cat", "floats", "LIME, seed 0")
    shuffled = choose.map("cat", "floats", "LIME, shuffled")
    assert shuffled.unique().tolist() == ordered.unique().tolist()
    assert not shuffled.equal(ordered)
    assert not ordered.equal(choose.map("cat", "floats", "LIME, seed 1"))
