"""The report: a whole page, right numbers, for any network, saved whole or not at all."""

import re
from html.parser import HTMLParser

import pytest
import torch

from course_utils import data, diagnose, models

NAMES = data.FASHION_CLASSES


@pytest.fixture(scope="module")
def sets():
    images, labels = data.fashion_mnist("validation", limit=600)
    return (images[:300], labels[:300]), (images[300:], labels[300:])


@pytest.fixture(scope="module")
def made(sets):
    network = models.load_network("IntegerQuantizedCNN")  # an ONNX file, without gradients
    return diagnose.report(
        network, name="Tom & <Jerry>", seek=sets[0], confirm=sets[1], classes=NAMES,
        about="clothes", strengths=(3,), corrupted=60,
    )  # fmt: skip


class Page(HTMLParser):
    """Collects tags, and fails on one that is closed in the wrong order."""

    EMPTY = ("meta", "img", "br")

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def test_the_page_is_whole_accessible_and_needs_nothing_else(made):
    page = Page(made.html)
    assert made.html.startswith("<!DOCTYPE html>") and page.all("html") == [{"lang": "en"}]
    assert "Tom &amp; &lt;Jerry&gt;</title>" in made.html and "<Jerry>" not in made.html
    assert len(page.all("h1")) == 1 and len(page.all("h2")) == 7
    pictures = page.all("img")
    assert len(pictures) == 3
    assert all(len(one["alt"]) > 30 and one["src"].startswith("data:image/png;base64,")
               for one in pictures)  # fmt: skip
    assert len(page.all("caption")) == len(page.all("table")) >= 3
    assert {one["scope"] for one in page.all("th")} == {"col", "row"}
    assert not re.search(r"https?://|<script|<link", made.html)


def test_numbers_are_those_of_the_confirming_images(made, sets):
    network, (images, labels) = models.load_network("IntegerQuantizedCNN"), sets[1]
    logits, found = network(images), made.findings
    assert found.accuracy == pytest.approx((logits.argmax(1) == labels).double().mean().item())
    assert f"Right: {found.accuracy:.1%}" in made.html
    assert found.error == pytest.approx((found.accuracy * (1 - found.accuracy) / 300) ** 0.5)
    heat = diagnose.fit_temperature(network(sets[0][0]), sets[0][1])
    assert found.temperature == pytest.approx(heat)
    mended = diagnose.at_temperature(logits, heat)
    assert found.mended.ece == pytest.approx(diagnose.ece(mended, labels))
    assert found.raw.ece == pytest.approx(diagnose.ece(logits.softmax(1), labels))
    assert torch.equal(found.suspects, diagnose.suspects(logits.softmax(1), labels))
    assert {one.strength for one in found.corrupted} == {0, 3} and len(found.corrupted) == 12
    clean = [one for one in found.corrupted if one.strength == 0]
    right = (logits[:60].argmax(1) == labels[:60]).double().mean().item()
    assert {one.accuracy for one in clean} == {right} and found.corrupted_images == 60


def test_a_perfect_network_and_one_that_knows_nothing_get_a_page():
    chance = torch.Generator().manual_seed(0)
    images, labels = torch.rand(80, 1, 8, 8, generator=chance), torch.arange(80) % 2
    images[:, 0, 0, 0] = labels.float()  # the corner tells
    seek, confirm = (images[:40], labels[:40]), (images[40:], labels[40:])

    def perfect(x):
        return 20 * torch.stack([0.5 - x[:, 0, 0, 0], x[:, 0, 0, 0] - 0.5], 1)

    def constant(x):
        return torch.zeros(len(x), 2)

    report = diagnose.report(perfect, name="perfect", seek=seek, confirm=confirm)
    assert report.findings.temperature is None and "No temperature fits" in report.html
    assert len(report.findings.suspects) == 0 and "100.0%" in report.html
    Page(report.html)
    Page(diagnose.report(constant, name="constant", seek=seek, confirm=confirm).html)


def test_save_is_whole_or_not_at_all(made, tmp_path, monkeypatch):
    path = made.save(tmp_path / "deeper" / "limits.html")
    assert path.read_text(encoding="utf-8") == made.html

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        made.save(path)
    assert path.read_text(encoding="utf-8") == made.html
    assert [one.name for one in path.parent.iterdir()] == ["limits.html"]


def test_in_a_notebook_it_is_framed_and_titled(made):
    frame = Page(made._repr_html_()).all("iframe")[0]
    assert "limits of Tom & <Jerry>" in frame["title"] and frame["srcdoc"] == made.html
    assert "300 images" in repr(made)


def test_the_network_is_left_as_it_was(sets):
    network = models.load_network("ShallowCNN").train()
    before = {name: one.clone() for name, one in network.state_dict().items()}
    images = [one.clone() for one, _ in sets]
    diagnose.examine(network, *sets, strengths=(5,), corrupted=20)
    assert network.training
    assert all(torch.equal(one, before[name]) for name, one in network.state_dict().items())
    assert all(torch.equal(one, old) for (one, _), old in zip(sets, images))


def test_messages(sets):
    with pytest.raises(ValueError, match="the same images"):
        diagnose.examine(None, sets[0], sets[0])
    with pytest.raises(ValueError, match="confirm has 300 images and 9 labels"):
        diagnose.examine(None, sets[0], (sets[1][0], sets[1][1][:9]))
    with pytest.raises(ValueError, match="there are 3 names"):
        diagnose.examine(None, *sets, names=NAMES[:3])
