"""The four kinds of sentences: found where they hold, silent elsewhere, controls beside them."""

import numpy as np
import pytest
import torch
from torch import nn

from course_utils import words
from course_utils.words import neighbours, regions, reviews, rules


class Halves(nn.Module):
    """Sneaker (7) where the lower half is lit, sandal (5) where it is not."""

    def forward(self, images):
        lit = images[:, 0, 10:].mean((1, 2))
        logits = torch.full((len(images), 10), -5.0)
        logits[:, 7], logits[:, 5] = 40 * lit, 8.0
        return logits


class Height(nn.Module):
    """Trouser (1) where the garment is high, bag (8) where it is not."""

    def forward(self, images):
        high = (images[:, 0] > 0.1).any(2).sum(1) > 16
        return torch.eye(10)[torch.where(high, 1, 8)]


def shoes(count=4):
    images = torch.zeros(count, 1, 20, 20)
    images[:, :, 6:14, 2:18] = 0.8  # the lower half is lit down to row 13
    return images


def garments(count=300, *, seed=0):
    chance = torch.Generator().manual_seed(seed)
    images = torch.zeros(count, 1, 32, 32)
    for image in images:
        height, width = torch.randint(6, 28, (2,), generator=chance).tolist()
        image[0, 2 : 2 + height, 2 : 2 + width] = 0.2 + 0.8 * torch.rand(
            height, width, generator=chance)  # fmt: skip
    return images


# ---- regions


def test_a_region_is_found_and_what_it_says_holds():
    found = regions.claims(Halves(), shoes())
    for claim in found:
        assert claim.holds(Halves())
        assert claim.english.startswith("The network says sneaker. Without the ")
        assert claim.english.endswith("it would say sandal.")
        assert claim.chinese.endswith("它会判为凉鞋。") and claim.sure > 0


def test_trials_are_the_image_and_fillings_that_the_finder_never_used():
    claim = regions.claims(Halves(), shoes(1))[0]
    first, *others = claim.trials
    assert torch.equal(first.shown, shoes(1)[0]) and first.answer == 7 and not first.denied
    assert len(others) == len(regions.TRY) == 5
    box = words.parts.boxes(shoes(1), next(p for p in words.parts.PARTS[7]
                                           if p.english in claim.english))  # fmt: skip
    used = [fill(shoes(1), box)[0] for fill in regions.FIND.values()]
    assert not any(torch.equal(o.shown, u) for o in others for u in used)


def test_all_fillings_must_agree():
    images = shoes()
    lazy = {"black": words.fillings.black, "nothing": lambda images, boxes: images}
    assert regions.claims(Halves(), images, find=lazy) == [None] * 4
    assert None not in regions.claims(Halves(), images, find={"black": words.fillings.black})


def test_the_margin_silences_what_is_not_sure():
    sure = regions.claims(Halves(), shoes())[0].sure
    assert regions.claims(Halves(), shoes(), margin=sure + 0.1) == [None] * 4
    assert None not in regions.claims(Halves(), shoes(), margin=sure)


def test_a_class_is_named_only_where_it_leads_clearly():
    class Torn(Halves):
        def forward(self, images):
            logits = super().forward(images)
            logits[:, 9] = logits[:, 5] - 0.1
            return logits

    claim = regions.claims(Torn(), shoes(1))[0]
    assert claim.english.endswith("it would no longer say sneaker.")
    assert claim.chinese.endswith("它会不再判为运动鞋。") and claim.trials[1].denied


def test_fillings_that_name_different_classes_deny_only():
    class Odd(Halves):  # an edge in the dark half says which filling it was
        def forward(self, images):
            logits = super().forward(images)
            logits[:, 0] = torch.where((images[:, 0] == 0.2).flatten(1).any(1), 9.0, -5.0)
            return logits

    claim = regions.claims(Odd(), shoes(1))[0]
    assert "no longer" in claim.english


def test_the_worst_filling_judges_by_hand():
    part = words.parts.PARTS[7][0]
    clear, near, far = ([0.0, 3, 1], [0.0, 3, 2.9], [0.0, 5, 1])
    for fillings, sure, becomes in (((clear, far), 3, None), ((far, far), 5, 1),
                                    ((far, near), 3, None)):  # fmt: skip
        logits = [torch.tensor([row]) for row in fillings]
        (found,) = regions._judged(part, 0, logits)
        assert (found.sure, found.becomes) == (pytest.approx(sure), becomes)


def test_the_surest_part_is_spoken_of():
    image = shoes(1)
    each = [regions._judged(part, 7, [Halves()(words.fillings.black(
        image, words.parts.boxes(image, part)))])[0] for part in words.parts.PARTS[7]]  # fmt: skip
    turned = [one for one in each if one.sure > 0]
    assert len({one.sure for one in turned}) > 1
    best = max(turned, key=lambda one: one.sure)
    (claim,) = regions.claims(Halves(), image, find={"black": words.fillings.black})
    assert best.part.english in claim.english and claim.sure == pytest.approx(best.sure)


def test_random_regions_read_alike_and_depend_on_the_seed():
    one, same, other = (regions.random_claims(Halves(), shoes(99), seed=s) for s in (0, 0, 1))
    assert [c.english for c in one] == [c.english for c in same] != [c.english for c in other]
    assert all(c.english.startswith("The network says sneaker. Without the ") for c in one)
    assert {"no longer" in c.english for c in one} == {True, False}
    assert not any(c.english.endswith("say sneaker.") and "longer" not in c.english for c in one)


# ---- rules


@pytest.fixture(scope="module")
def book():
    return rules.distil(Height(), garments(), trees=3, depth=4)


def test_rules_imitate_the_network_on_new_images(book):
    new = garments(100, seed=1)
    foretold, sure = book.foretold(new)
    said = Height()(new).argmax(1)
    assert (foretold == said).float().mean() > 0.95
    assert ((sure >= 0) & (sure <= 1)).all()
    claims = book.claims(new)
    assert [c.trials[0].answer for c in claims] == foretold.tolist()
    assert [c.sure for c in claims] == pytest.approx(sure.tolist())
    assert words.measure(Height(), claims).share == (foretold == said).double().mean()


def test_a_rule_names_what_decides(book):
    one = next(c for c in book.claims(garments(20, seed=2)) if c.trials[0].answer == 1)
    assert "height" in one.english and "高度" in one.chinese
    assert one.english.startswith("To images like this the network says trouser: ")


def test_the_shortest_rule_of_the_winners_is_spoken():
    images = garments()
    chance = torch.Generator().manual_seed(0)
    noise = torch.rand(len(images), generator=chance) < 0.3
    said = torch.where(noise, 5, Height()(images).argmax(1))
    book = rules.distil(None, images, said=said, trees=3, depth=6)
    new = garments(60, seed=5)
    rows = words.shapes.measure(new).numpy()
    others = longer = 0
    for row, claim in zip(rows, book.claims(new), strict=True):
        lengths = [(int(tree.predict(row[None])[0]), len(book._rule(k, row)))
                   for k, tree in enumerate(book.trees)]  # fmt: skip
        winners = [n for label, n in lengths if label == claim.trials[0].answer]
        assert claim.english.count(";") + 1 == min(winners)
        others += min(n for _, n in lengths) < min(winners)
        longer += max(winners) > min(winners)
    assert others and longer, "the images must tell the ways apart"


def test_a_threshold_silences_and_one_tree_stands_alone(book):
    new = garments(50, seed=3)
    _, sure = book.foretold(new)
    least = sure.median().item()
    assert [c is None for c in book.claims(new, threshold=least)] == (sure < least).tolist()
    alone = book.alone()
    assert len(alone.trees) == 1 and alone.trees[0] is book.trees[0]


def test_votes_are_leaf_precisions_by_hand():
    from sklearn.tree import DecisionTreeClassifier

    rows = np.array([[0.0], [0], [0], [1], [1]])
    said = np.array([2, 2, 3, 3, 3])
    tree = DecisionTreeClassifier(max_depth=1).fit(rows, said)
    book = rules.RuleBook((tree, tree), rows, said)
    votes, says = book._votes(np.array([[0.0], [1]]))
    assert says.tolist() == [[2, 3], [2, 3]]
    assert votes[0, 2].item() == pytest.approx(3 / 5) and votes[1, 3].item() == pytest.approx(3 / 4)


def test_known_answers_spare_the_network():
    images = garments(60)
    said = Height()(images).argmax(1)
    one = rules.distil(None, images, said=said, trees=1)
    two = rules.distil(Height(), images, trees=1)
    assert torch.equal(one.foretold(images)[0], two.foretold(images)[0])
    with pytest.raises(ValueError, match="at least one tree"):
        rules.distil(Height(), images, trees=0)


def test_random_rules_keep_the_conditions_and_deal_the_answers(book):
    claims = book.claims(garments(60, seed=4))
    claims[5] = None
    dealt = rules.random_claims(claims, seed=0)
    assert dealt[5] is None
    there = [(a, b) for a, b in zip(claims, dealt, strict=True) if a]
    assert all(a.english.split(": ")[1] == b.english.split(": ")[1] for a, b in there)
    assert sorted(a.trials[0].answer for a, _ in there) == sorted(
        b.trials[0].answer for _, b in there)  # fmt: skip
    assert words.measure(Height(), dealt).share < 0.8


# ---- reviews

TEXTS = ["a good film", "a fine film", "good fun it is", "fine fun", "a dull film", "a bad film",
         "dull stuff it is", "bad stuff"] * 4  # fmt: skip


@pytest.fixture(scope="module")
def reader():
    return reviews.reader(TEXTS, [k % 8 < 4 for k in range(len(TEXTS))])


def test_the_word_that_turns_the_verdict_is_found(reader):
    (claim,) = reviews.claims(reader, ["a dull film, good"], find=("",))
    silent = reviews.claims(reader, ["good fine fun"])
    assert silent == [None]
    turns = {"dull": "disliked. Without “dull” it would say liked.",
             "good": "liked. Without “good” it would say disliked."}  # fmt: skip
    assert claim.english in {f"The reader says {turn}" for turn in turns.values()}
    assert claim.chinese.startswith("分类器判为")


def test_word_trials_put_other_words_in_its_place():
    claim = reviews.claim("Dull, but not DULL.", False, "dull")
    shown = [t.shown for t in claim.trials]
    assert shown[:2] == ["Dull, but not DULL.", "it, but not it."]
    assert [t.answer for t in claim.trials] == [0, 1, 1, 1, 1]
    assert not set(reviews.TRY) & set(reviews.FIND)
    assert reviews.replaced("dullness is dull", "dull", "") == "dullness is "


def test_all_fillers_must_agree_and_the_margin_silences():
    class Picky:  # the verdict turns only if the word is left out, not if "film" replaces it
        def decision_function(self, texts):
            return np.array([1.0 if t.split() == ["b"] else -1.0 for t in texts])

    assert reviews.claims(Picky(), ["a b"]) == [None]
    (claim,) = reviews.claims(Picky(), ["a b"], find=("",))
    assert claim.sure == 1 and "“a”" in claim.english
    assert reviews.claims(Picky(), ["a b"], find=("",), margin=1.1) == [None]


def test_the_surest_word_is_spoken_of():
    class Weighs:  # "a" counts 1, "b" counts 3; the verdict turns without either
        def decision_function(self, texts):
            return np.array([("a" in t) + 3.0 * ("b" in t) - 3.5 for t in texts])

    for text in ("a b", "b a"):
        (claim,) = reviews.claims(Weighs(), [text], find=("",))
        assert "“b”" in claim.english and claim.sure == 2.5


def test_random_words_come_from_the_text(reader):
    made = reviews.random_claims(reader, ["a dull film", "..."], seed=0)
    assert made[1] is None
    assert any(f"“{word}”" in made[0].english for word in ("a", "dull", "film"))


# ---- neighbours


class Mean(nn.Module):
    """Class 0 or 1 by brightness; its features are the mean, and one minus it."""

    def __init__(self):
        super().__init__()
        self.relu3, self.spare = nn.ReLU(), nn.Parameter(torch.zeros(1))

    def forward(self, images):
        mean = images.flatten(1).mean(1, keepdim=True)
        features = self.relu3(torch.cat([1 - mean, mean], 1))
        return nn.functional.pad(features, (0, 8))


@pytest.fixture
def gallery():
    images = torch.linspace(0.02, 0.98, 25)[:, None, None, None].expand(-1, 1, 4, 4).clone()
    return neighbours.gallery(Mean(), images, (images[:, 0, 0, 0] > 0.5).long())


def test_nearest_are_scikit_learns(gallery):
    from sklearn.neighbors import NearestNeighbors

    new = torch.rand(9, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    own = neighbours.features(Mean(), new, "relu3")
    index = NearestNeighbors(n_neighbors=5, metric="euclidean").fit(gallery.features)
    theirs = index.kneighbors(own)[1]
    assert neighbours.nearest(Mean(), new, gallery).tolist() == theirs.tolist()


def test_neighbours_speak_only_where_their_labels_agree(gallery):
    new = torch.tensor([0.1, 0.5, 0.9])[:, None, None, None].expand(-1, 1, 4, 4)
    dark, middle, light = neighbours.claims(Mean(), new, gallery)
    assert middle is None
    assert dark.holds(Mean()) and light.holds(Mean()) and len(dark.trials) == 6
    assert dark.english == ("Of 25 training images, the five most like this one are all labelled "
                            "T-shirt, and the network says T-shirt to them and to it.")  # fmt: skip
    assert "最相似的五张都标为长裤" in light.chinese
    assert neighbours.claims(Mean(), new, gallery, threshold=1.01) == [None] * 3
    first, *_, last = neighbours._alike(Mean(), new[:1], gallery, 5).values[0].tolist()
    assert dark.sure == pytest.approx(last) and last < first
    between = (first + last) / 2
    assert neighbours.claims(Mean(), new[:1], gallery, threshold=between) == [None]


def test_a_neighbour_that_the_network_gets_wrong_refutes_the_sentence(gallery):
    wrong = neighbours.Gallery(gallery.images.flip(0), gallery.labels, gallery.features, "relu3")
    new = torch.full((1, 1, 4, 4), 0.1)
    assert not neighbours.claims(Mean(), new, wrong)[0].holds(Mean())


def test_pixels_ask_no_network_and_random_examples_share_a_label(gallery):
    pixels = neighbours.gallery(None, gallery.images, gallery.labels, layer=None)
    assert neighbours.nearest(None, gallery.images[:2], pixels).shape == (2, 5)
    drawn = neighbours.random_claims(gallery.images, gallery)
    assert {claim.trials[0].answer for claim in drawn} == {0, 1}
    for claim in drawn:
        assert len({t.answer for t in claim.trials}) == 1 and len(claim.trials) == 6
        assert all((t.shown.mean() > 0.5) == t.answer for t in claim.trials[1:])


def test_neighbours_messages(gallery):
    with pytest.raises(ValueError, match="count must be from 1 to 9; got 12"):
        neighbours.nearest(Mean(), gallery.images, gallery, count=12)
    with pytest.raises(ValueError, match="25 images came with 3 labels"):
        neighbours.gallery(Mean(), gallery.images, gallery.labels[:3])
