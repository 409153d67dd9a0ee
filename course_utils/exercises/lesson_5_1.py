"""Exercises of lesson 5.1: do explanations survive compression?"""

import numpy as np
import torch
from torch import nn

from course_utils import fusion, saliency
from course_utils.exercises import agree, exercise, formed

# ---- 5.1.1


def gradients_agree(network, other, images, classes):
    maps = saliency.gradient(network, images, classes)
    others = saliency.gradient(other, images, classes)
    return fusion.agreement(maps, others, where=images > 0)


def _own_answers(network, other, images, classes):
    maps, others = saliency.gradient(network, images), saliency.gradient(other, images)
    return fusion.agreement(maps, others, where=images > 0)


def _own_answer_of_other(network, other, images, classes):
    maps = saliency.gradient(network, images, classes)
    return fusion.agreement(maps, saliency.gradient(other, images), where=images > 0)


def _unsigned(network, other, images, classes):
    maps, others = (saliency.gradient(one, images, classes).abs() for one in (network, other))
    return fusion.agreement(maps, others, where=images > 0)


def _black_too(network, other, images, classes):
    maps, others = (saliency.gradient(one, images, classes) for one in (network, other))
    return fusion.agreement(maps, others)


def _pooled(network, other, images, classes):
    maps, others = (saliency.gradient(one, images, classes) for one in (network, other))
    return fusion.agreement(*(x.flatten()[None] for x in (maps, others)),
                            where=(images > 0).flatten()[None])  # fmt: skip


def _mean_map(network, other, images, classes):
    maps, others = (saliency.gradient(one, images, classes).mean(0, keepdim=True)
                    for one in (network, other))  # fmt: skip
    return fusion.agreement(maps, others)


def _averaged(network, other, images, classes):
    return gradients_agree(network, other, images, classes).mean()


def _distance(network, other, images, classes):
    return 1 - gradients_agree(network, other, images, classes)


def _pearson(network, other, images, classes):
    found = []
    for image, a, b in zip(images, *(saliency.gradient(one, images, classes)
                                     for one in (network, other)), strict=True):  # fmt: skip
        pair = torch.stack([a[image > 0], b[image > 0]])
        found.append(torch.corrcoef(pair)[0, 1])
    return torch.stack(found)


def _answer_of_first(network, other, images, classes):
    classes = network(images).argmax(1)
    return gradients_agree(network, other, images, classes)


def _all_classes(network, other, images, classes):
    def slopes(one):
        x = images.clone().requires_grad_()
        return torch.autograd.grad(one(x).sum(), x)[0]

    return fusion.agreement(slopes(network), slopes(other), where=images > 0)


def _cosine(network, other, images, classes):
    maps, others = (saliency.gradient(one, images, classes) for one in (network, other))
    return torch.cosine_similarity(maps.flatten(1), others.flatten(1))


def _top(network, other, images, classes):
    maps, others = (saliency.gradient(one, images, classes) for one in (network, other))
    return fusion.top_overlap(maps, others)


def _integrated(network, other, images, classes):
    maps, others = (saliency.integrated_gradients(one, images, classes) for one in (network, other))
    return fusion.agreement(maps, others, where=images > 0)


DRIFTS = (
    (_own_answers, "Each network explains its own answer here. Where they answer differently, "
     "you compare a map of one class with a map of another: hand `classes` to both."),
    (_own_answer_of_other, "The second network explains its own answer; hand it `classes`, too."),
    (_unsigned, "The signs are lost: a pixel that spoke for the class and now speaks against it "
     "would count as unmoved."),
    (_black_too, "Black pixels take part. Say `where=images > 0`."),
    (_pooled, "All images went into one correlation. Correlate image by image."),
    (_mean_map, "You average the maps first. Maps of different pictures then blur into one; "
     "correlate image by image."),
    (_averaged, "Return one number for each image; the mean comes later."),
    (_distance, "This is 1 minus the agreement. 1 is to mean: nothing moved."),
    (_pearson, "This correlates the values. A few strong pixels decide it; correlate the ranks "
     "(`fusion.agreement`)."),
    (_answer_of_first, "You explain what the first network answers. Explain `classes`, with both."),
    (_all_classes, "The gradients of all classes are in one sum here. Explain one class of each "
     "image: the one in `classes`."),
    (_cosine, "This is the cosine of the values. A few strong pixels decide it; correlate the "
     "ranks (`fusion.agreement`)."),
    (_top, "This is the share of common top pixels, without their order or signs. Correlate the "
     "ranks of all pixels (`fusion.agreement`)."),
    (_integrated, "These are maps by integrated gradients; the exercise asks for plain gradients."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


def _small_networks():
    """Two small networks and pictures with black in them; on some they answer differently."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        pair = [
            nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 3)).eval()
            for _ in range(2)
        ]
        images = torch.rand(6, 1, 8, 8) * (torch.rand(6, 1, 8, 8) > 0.4)
    return *pair, images, torch.tensor([0, 1, 2, 0, 1, 2])


@exercise("5.1.1", title="how far did the reasons move?", minutes=10, difficulty=2,
          solution=gradients_agree,
          hints=("`saliency.gradient(network, images, classes)` explains the classes that you "
                 "hand in; without them, the network's own answer.",
                 ("How do I leave out black pixels?", "`fusion.agreement(a, b, where=images > 0)` "
                  "gives one number for each image.")))  # fmt: skip
def _(answer) -> str | None:
    return agree(formed(answer, _listed), gradients_agree, _small_networks(), slips=DRIFTS)


def _listed(found):
    """A list, tuple or array of numbers as a tensor; the numbers of `fusion.drift` as they are."""
    if isinstance(found, dict) and len(found) == 1:
        (found,) = found.values()
    if isinstance(found, list | tuple | np.ndarray) and np.ndim(found) == 1:
        return torch.tensor([float(x) for x in found])
    return found


# ---- 5.1.2


def forgotten_fairly(before, after, labels):
    half = len(before) // 2
    some = fusion.forgotten(before[:half], after[:half])
    shares = [(one[half:, some] == labels[some]).double().mean().item() for one in (before, after)]
    return int(some.sum()), *shares


def _same_networks(before, after, labels):
    some = fusion.forgotten(before, after)
    shares = [(one[:, some] == labels[some]).double().mean().item() for one in (before, after)]
    return int(some.sum()), *shares


def _first_half_only(before, after, labels):
    half = len(before) // 2
    return _same_networks(before[:half], after[:half], labels)


def _chosen_by_all(before, after, labels):
    half, some = len(before) // 2, fusion.forgotten(before, after)
    shares = [(one[half:, some] == labels[some]).double().mean().item() for one in (before, after)]
    return int(some.sum()), *shares


def _on_all_images(before, after, labels):
    half = len(before) // 2
    count = int(fusion.forgotten(before[:half], after[:half]).sum())
    return count, *((one[half:] == labels).double().mean().item() for one in (before, after))


def _one_network(before, after, labels):
    half, some = len(before) // 2, before[0] != after[0]
    shares = [(one[half:, some] == labels[some]).double().mean().item() for one in (before, after)]
    return int(some.sum()), *shares


def _swapped(before, after, labels):
    count, ours, theirs = forgotten_fairly(before, after, labels)
    return count, theirs, ours


def _share(before, after, labels):
    count, ours, theirs = forgotten_fairly(before, after, labels)
    return count / len(labels), ours, theirs


def _majority_right(before, after, labels):
    half = len(before) // 2
    some = fusion.forgotten(before[:half], after[:half])
    return int(some.sum()), *((fusion.majority(one[half:])[some] == labels[some]).double().mean()
                              .item() for one in (before, after))  # fmt: skip


def _second_half_chooses(before, after, labels):
    half = len(before) // 2
    before, after = before.roll(half, 0), after.roll(half, 0)
    return forgotten_fairly(before, after, labels)


def _all_measure(before, after, labels):
    half = len(before) // 2
    some = fusion.forgotten(before[:half], after[:half])
    return int(some.sum()), *(
        (one[:, some] == labels[some]).double().mean().item() for one in (before, after)
    )


def _any_differs(before, after, labels):
    half = len(before) // 2
    some = (before[:half] != after[:half]).any(0)
    return int(some.sum()), *(
        (one[half:, some] == labels[some]).double().mean().item() for one in (before, after)
    )


def _wrong(before, after, labels):
    count, ours, theirs = forgotten_fairly(before, after, labels)
    return count, 1 - ours, 1 - theirs


def _half_the_images(before, after, labels):
    half = len(labels) // 2
    before, after, labels = before[:, :half], after[:, :half], labels[:half]
    return _same_networks(before, after, labels)


FORGOTTEN = (
    (_same_networks, "The networks that chose the images are asked about them again. Choose with "
     "the first half, measure with the second."),
    (_first_half_only, "You measure with the networks that chose. The second half is to measure."),
    (_chosen_by_all, "All networks chose, the second half among them. Choose with the first half "
     "only."),
    (_on_all_images, "These are the accuracies on all images; take the chosen ones."),
    (_one_network, "One network of each kind chose. Take the majorities of the first half "
     "(`fusion.forgotten`)."),
    (_swapped, "The two accuracies are in the wrong order: first `before`, then `after`."),
    (_share, "The first number is a share; return how many images."),
    (_majority_right, "This is how often the majority is right. Return the mean accuracy of the "
     "single networks."),
    (_second_half_chooses, "The halves are exchanged: the first half chooses, the second "
     "measures."),
    (_all_measure, "All networks measure, and half of them chose. Ask the second half only."),
    (_any_differs, "You take every image on which some pair of networks differs. Compare the two "
     "majorities (`fusion.forgotten`)."),
    (_wrong, "These are shares of wrong answers; return the accuracies."),
    (_half_the_images, "You halve the images. Halve the networks: `before[:half]`."),
)  # fmt: skip


def _voters(seed, networks, images):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 3, (images,), generator=generator)
    hard = torch.rand(images, generator=generator)

    def answers(skill):
        wrong = torch.rand(networks, images, generator=generator) < hard * skill
        other = torch.randint(1, 3, (networks, images), generator=generator)
        return torch.where(wrong, (labels + other) % 3, labels)

    return answers(0.6), answers(1.0), labels


VOTERS = [_voters(seed, networks, 60) for seed, networks in ((0, 6), (1, 4), (2, 10))]


@exercise("5.1.2", title="forgotten, measured fairly", minutes=15, difficulty=3,
          solution=forgotten_fairly,
          hints=("`fusion.forgotten(a, b)` takes two populations, network × image, and returns a "
                 "boolean for each image. Hand it the first half of each.",
                 ("How do I ask the other half?", "`before[half:, some] == labels[some]` is "
                  "network × chosen image.")))  # fmt: skip
def _(answer) -> str | None:
    return agree(formed(answer, _numbers), forgotten_fairly, *VOTERS, slips=FORGOTTEN)


def _numbers(found):
    """Three numbers in any form as a tuple of plain ones."""
    if isinstance(found, torch.Tensor | np.ndarray) and found.ndim == 1:
        found = found.tolist()
    if not isinstance(found, tuple | list):
        return found
    return tuple(x.item() if isinstance(x, torch.Tensor) and x.dim() == 0 else x for x in found)
