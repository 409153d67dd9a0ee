"""Exercises of lesson 5.1: do explanations survive compression?"""

import torch
from torch import nn

from course_utils import fusion, saliency
from course_utils.exercises import agree, exercise, formed

# ---- 5.1.1


def drift(network, other, images, classes):
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
    return drift(network, other, images, classes).mean()


def _distance(network, other, images, classes):
    return 1 - drift(network, other, images, classes)


def _pearson(network, other, images, classes):
    found = []
    for image, a, b in zip(images, *(saliency.gradient(one, images, classes)
                                     for one in (network, other)), strict=True):  # fmt: skip
        pair = torch.stack([a[image > 0], b[image > 0]])
        found.append(torch.corrcoef(pair)[0, 1])
    return torch.stack(found)


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


@exercise("5.1.1", title="how far did the reasons move?", minutes=10, difficulty=2, solution=drift,
          hints=("`saliency.gradient(network, images, classes)` explains the classes that you "
                 "hand in; without them, the network's own answer.",
                 ("How do I leave out black pixels?", "`fusion.agreement(a, b, where=images > 0)` "
                  "gives one number for each image.")))  # fmt: skip
def _(answer) -> str | None:
    return agree(formed(answer, _listed), drift, _small_networks(), slips=DRIFTS)


def _listed(found):
    return torch.tensor([float(x) for x in found]) if isinstance(found, list | tuple) else found


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
    if not isinstance(found, tuple | list):
        return found
    return tuple(x.item() if isinstance(x, torch.Tensor) and x.dim() == 0 else x for x in found)
