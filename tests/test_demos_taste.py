"""The one-minute taste: what it measures, what it draws, and that its picture follows."""

import base64
import io
import re

import pytest
import torch

from course_utils import data, measure, models, prune, quantize, saliency, training
from course_utils.demos import taste, taste_page
from course_utils.demos.listings import LISTINGS, parameters

pytest_plugins = ["stand_ins"]

CHOSEN = {"removed": 0.8, "bits": 4, "picture": "bag"}


@pytest.fixture(scope="module")
def images():
    images, labels = data.fashion_mnist("validation")
    return images[:200], labels[:200]


@pytest.fixture(scope="module")
def tasting(images):
    return taste.Taste(models.load_network("SimplifiedCNN"), *images, steps=8)


# ---- measured


def test_bytes_and_right_answers_are_those_of_a_file_that_loads_again(tasting, images, tmp_path):
    small = tasting.measure(0.8, 4)
    pruned = prune.magnitude(models.load_network("SimplifiedCNN"), 0.8)
    path = models.save_network(pruned, tmp_path / "small.safetensors.xz", bits=4)
    assert small.bytes == measure.file_bytes(path)
    right = training.predict(models.load_network(path), images[0]).argmax(1) == images[1]
    assert small.right == int(right.sum())


def test_the_whole_network_is_the_committed_file(tasting):
    assert tasting.whole.bytes == measure.file_bytes("SimplifiedCNN")
    nothing = tasting.measure(0.0, None)
    assert nothing.right == tasting.whole.right
    assert nothing.bytes < tasting.whole.bytes, "coding alone saves a little"


def test_removed_weights_stay_zero_through_the_rounding(tasting):
    small = tasting.shrink(0.6, 4)
    assert prune.sparsity(small) >= 0.6
    assert prune.sparsity(tasting.whole.network) < 0.01, "the network itself was changed"


def test_each_setting_is_measured_once(tasting):
    assert tasting.measure(0.9, 3) is tasting.measure(0.9, 3)


def test_one_picture_of_each_class(tasting, images):
    assert tasting.pictures.shape == (10, 1, 32, 32)
    for label, picture in enumerate(tasting.pictures):
        first = int((images[1] == label).nonzero()[0])
        assert torch.equal(picture, images[0][first])


def test_a_missing_class_is_named(tasting, images):
    some = images[1] != data.FASHION_CLASSES.index("bag")
    with pytest.raises(ValueError, match="no image of bag came"):
        taste.Taste(tasting.whole.network, images[0][some], images[1][some])


# ---- agreement


def test_the_control_agrees_with_nothing_and_rounding_to_8_bits_changes_little(tasting):
    places = range(10)
    control = [tasting.explain(tasting.control, p).agreement for p in places]
    rounded = [tasting.explain(tasting.shrink(0.0, 8), p).agreement for p in places]
    assert abs(sum(control) / 10) < 0.15
    assert min(rounded) > 0.95


def test_the_untrained_network_is_the_same_each_time_and_leaves_chance_alone():
    network = models.load_network("SimplifiedCNN")
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    one, other = taste.untrained(network), taste.untrained(network)
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(one.fc1.weight, other.fc1.weight)
    assert not torch.equal(one.fc1.weight, taste.untrained(network, seed=1).fc1.weight)


def test_maps_explain_the_class_of_the_whole_network(tasting):
    ruined = quantize.quantize_weights(tasting.whole.network, bits=2)
    place = next(
        p for p in range(10)
        if tasting.explain(ruined, p).logits.argmax() != tasting.classes[p]
    )  # fmt: skip
    one = tasting.pictures[[place]]
    wanted = saliency.integrated_gradients(ruined, one, tasting.classes[[place]], steps=8)[0]
    assert torch.equal(tasting.explain(ruined, place).map, wanted)


# ---- drawn


def picture(html):
    from matplotlib.image import imread

    found = re.search(r'src="data:image/png;base64,([^"]+)"', html).group(1)
    return imread(io.BytesIO(base64.b64decode(found)))


def test_the_drawing_says_what_was_measured(tasting):
    html = taste_page.draw(tasting, **CHOSEN)
    small = tasting.measure(0.8, 4)
    assert f"{small.bytes:,} bytes" in html
    assert f"<b>{small.right}</b>" in html
    assert f"{tasting.whole.bytes / small.bytes:.1f} times smaller" in html
    assert re.search(r'<img alt="Four tiles: the picture; [^"]+an untrained', html)


def test_the_tiles(tasting):
    pixels = picture(taste_page.draw(tasting, **CHOSEN))
    tile, gap = taste_page.TILE, taste_page.GAP
    assert pixels.shape == (tile, 4 * tile + 3 * gap, 4)
    bag = tasting.pictures[data.FASHION_CLASSES.index("bag")].squeeze()
    grey = torch.from_numpy(pixels[::5, :tile:5, 0].copy())
    assert (grey - bag).abs().max() < 0.01
    assert (pixels[:, tile : tile + gap, 3] == 0).all(), "the gaps are transparent"


def test_a_map_of_nothing_is_drawn_and_said(tasting):
    empty = tasting.explain(tasting.control, 0)._replace(
        map=torch.zeros(1, 32, 32), agreement=-0.001
    )
    assert taste_page.correlation(empty.agreement) == "0.00"
    assert taste_page.correlation(-0.25) == "−0.25"
    assert "width:0.00%" in taste_page._meter("a", empty.agreement, "b", "red")
    coloured = taste_page._coloured(empty.map, tasting.pictures[0], taste_page._limit(empty.map))
    assert coloured.shape == (32, 32, 3)


def test_colours_speak_for_and_against():
    values = torch.tensor([[[1.0, -1.0, 0.0]]])
    (orange, purple, pale), *_ = taste_page._coloured(values, torch.ones(1, 1, 3), 1.0)
    assert orange[0] > orange[2] and purple[2] > purple[1] and pale.min() > 0.9


def test_the_picture_follows_its_controls(tasting, notebook):
    live = taste_page.live(tasting)
    assert live.error is None
    before = live.picture.value
    for name, value in (("removed", 0.72), ("bits", 2), ("bits", "float32"), ("picture", "dress")):
        live.controls[name].value = value
        assert live.error is None
        assert (picture(live.picture.value) != picture(before)).any(), name
        before = live.picture.value
    assert "times smaller" in notebook[0]["text/html"], "the still picture"


def test_still_without_widgets(tasting, notebook, no_widgets):
    taste_page.live(tasting)
    (bundle,) = notebook
    assert list(bundle) == ["text/html", "text/plain"]
    assert "Drawn for removed = 0.5, bits = 4, picture = coat." in bundle["text/html"]


def test_a_percentage_for_a_share_is_told(tasting):
    with pytest.raises(ValueError, match=re.escape("Did you mean 0.7?")):
        tasting.shrink(70, 4)


# ---- document A's listings


def test_eight_of_nine_listings_are_the_reference_network():
    reference = models.SimplifiedCNN()
    same = [one for one in LISTINGS if one.name != "ResNet"]
    assert len(LISTINGS) == 9 and len(same) == 8
    assert {(one.channels, one.widths) for one in same} == {((1, 16, 32), (2048, 128, 10))}
    assert {parameters(one) for one in same} == {measure.parameters(reference)} == {268_362}


def test_the_listing_named_resnet_is_twice_as_large():
    from itertools import pairwise

    from torch import nn

    (one,) = [one for one in LISTINGS if one.name == "ResNet"]
    convolutions = [nn.Conv2d(a, b, 3) for a, b in pairwise(one.channels)]
    linear = [nn.Linear(a, b) for a, b in pairwise(one.widths)]
    built = nn.Sequential(*convolutions, *linear)
    assert parameters(one) == measure.parameters(built) == 549_002
