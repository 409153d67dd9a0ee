"""Photographs from packages and from learners: read, turned, cut."""

import numpy
import pytest
import torch
from PIL import Image

from course_utils import photos


@pytest.mark.parametrize("name", photos.PHOTOS)
def test_every_photograph_lies_in_its_package(name):
    picture = photos.load(name)
    assert picture.mode == "RGB" and min(picture.size) >= 300
    assert photos.PHOTOS[name].licence and set(photos.PHOTOS[name].right) <= set(photos.classes())


def test_there_are_a_thousand_classes_in_imagenets_order():
    assert len(photos.classes()) == 1000
    assert photos.classes()[0] == "tench" and photos.classes()[967] == "espresso"


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1", "I;16", "RGB"])
def test_every_kind_of_picture_becomes_red_green_and_blue(tmp_path, mode):
    values = numpy.full((40, 60), 40_000 if mode == "I;16" else 160)
    kind = numpy.uint16 if mode == "I;16" else numpy.uint8
    picture = Image.fromarray(values.astype(kind))
    picture = picture if mode == "I;16" else picture.convert(mode)
    path = tmp_path / ("photo.tif" if mode in ("CMYK", "I;16") else "photo.png")
    picture.save(path)
    found = photos.load(path)
    assert found.mode == "RGB" and found.size == (60, 40)
    red = numpy.asarray(found)[..., 0]
    assert abs(red.mean() - 160) < (100 if mode == "1" else 5)


def test_what_is_transparent_becomes_white(tmp_path):
    Image.new("RGBA", (10, 10), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (numpy.asarray(photos.load(tmp_path / "clear.png")) == 255).all()


def test_a_camera_held_upright_is_obeyed(tmp_path):
    picture = Image.new("RGB", (40, 20), "black")
    picture.paste("white", (0, 0, 10, 20))  # the left is the top, the camera says
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise by a quarter
    picture.save(tmp_path / "turned.jpg", exif=exif)
    found = photos.load(tmp_path / "turned.jpg")
    assert found.size == (20, 40)
    assert found.getpixel((10, 3))[0] > 200 > 50 > found.getpixel((10, 36))[0]


def test_the_middle_is_cut_out_and_not_stretched():
    picture = Image.new("RGB", (400, 200), "black")
    picture.paste("white", (100, 0, 300, 200))
    found = photos.crop(picture, size=32, share=1.0)
    assert found.shape == (1, 3, 32, 32) and found.dtype == torch.float32
    inside = found[..., 1:-1, 1:-1]  # at its edge the filter takes in a little from outside
    assert inside.min() > 0.98 and found.max() <= 1 and found.min() > 0.9
    picture.paste("red", (100, 0, 300, 10))
    assert photos.crop(picture, size=32, share=0.5)[0, 1].min() > 0.98  # red is outside


def test_crops_are_seeded_within_the_picture_and_half_are_mirrored():
    ramp = numpy.tile(numpy.arange(200, dtype=numpy.uint8), (100, 1))
    picture = Image.fromarray(ramp).convert("RGB")
    one, same, other = (photos.crops(picture, 40, size=16, seed=s) for s in (0, 0, 1))
    assert one.shape == (40, 3, 16, 16) and torch.equal(one, same) and not one.equal(other)
    rising = one[:, 0, 0, -1] > one[:, 0, 0, 0]
    assert 0.25 < rising.double().mean() < 0.75
    widths = (one[:, 0, 0, -1] - one[:, 0, 0, 0]).abs() * 255 * 16 / 15
    assert widths.min() > 45 and widths.max() < 102  # sides are 50 to 100 pixels of the ramp


def test_top_names_the_likeliest_first():
    logits = torch.zeros(2, 1000)
    logits[0, 967], logits[0, 0], logits[1, 999] = 9.0, 8.0, 5.0
    first, second = photos.top(logits, 2)
    assert [word for word, _ in first] == ["espresso", "tench"]
    assert first[0][1] == pytest.approx(logits[0].softmax(0)[967].item())
    assert second[0][0] == "toilet tissue"


def test_what_cannot_be_read_is_told(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"no picture")
    (tmp_path / "phone.HEIC").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"holiday\.jpg is no picture"):
        photos.load(tmp_path / "holiday.jpg")
    with pytest.raises(ValueError, match="exported as JPEG"):
        photos.load(tmp_path / "phone.HEIC")
    with pytest.raises(FileNotFoundError, match=r"does not exist.*Pictures in that folder: holid"):
        photos.load(tmp_path / "holidays.jpg")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        photos.load(tmp_path)
    whole = tmp_path / "whole.png"
    photos.load("cat").save(whole)
    whole.write_bytes(whole.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"whole\.png is damaged"):
        photos.load(whole)
    with pytest.raises(ValueError, match="no photograph is named 'dog'"):
        photos.path("dog")
    with pytest.raises(ValueError, match=r"Did you mean 0\.875\?"):
        photos.crop(photos.load("cat"), share=87.5)
