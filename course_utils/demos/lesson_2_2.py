"""Lesson 2.2: four explainers beside each other, and what removing parts of an image does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from course_utils import (
    data,
    diagnose,
    models,
    optimize,
    paired,
    plots,
    saliency,
    shapley,
    surrogate,
    training,
)
from course_utils.spread import decide as decide
from course_utils.spread import mean_and_error as with_error


def region_shapley(
    network: Callable, image: Tensor, label: int, *, side: int = 3, background: float = 0.0
) -> Tensor:
    """Shapley values of side x side regions of one image, 1 x 1 x height x width, in log-odds."""
    regions = surrogate.grid_segments(*image.shape[-2:], side)

    def value(known: Tensor) -> Tensor:
        shown = known[:, regions][:, None]
        pictures = torch.where(shown, image, torch.tensor(background))
        return surrogate.probability(network, pictures, label, log_odds=True)

    return shapley.exact(value, side**2)[regions].to(image.dtype).expand_as(image)


EXPLAINERS: dict[str, Callable[[Callable, Tensor, int], Tensor]] = {
    "gradient": saliency.gradient,
    "integrated gradients": lambda network, image, label: saliency.integrated_gradients(
        network, image, label, steps=32
    ),
    "LIME": lambda network, image, label: surrogate.lime(
        network, image, label, log_odds=True, samples=200
    ),
    "Shapley": region_shapley,
}
"""By name: from network, one image (1 x 1 x height x width) and class to a map like the image."""


def beside_control(
    networks: Mapping[str, nn.Module], images: Tensor, classes: Tensor
) -> dict[str, Tensor]:
    """Maps of the same images and classes, n x 1 x height x width, by network and method."""
    maps = {}
    for who, network in networks.items():
        maps[f"IG, {who}"] = saliency.integrated_gradients(network, images, classes)
        maps[f"LIME, {who}"] = surrogate.lime(network, images, classes, log_odds=True)
    return maps


class FourExplainers:
    """Draws one image's maps by four explainers, each on its own scale.

    Args:
        networks: by name; the first names the images.
        images, labels: n x 1 x height x width, and n classes.
        picks: the places of the images to choose from.

    Attributes:
        choices: by name, such as "shirt taken for T-shirt", a place; the controls offer the names.
    """

    def __init__(self, networks: Mapping[str, nn.Module], images: Tensor, labels: Tensor,
                 picks: Sequence[int]):  # fmt: skip
        self.networks, self.images, self.labels = dict(networks), images, labels
        self._kept: dict[tuple[str, str, int], dict[str, Tensor]] = {}
        self.choices: dict[str, int] = {}
        said = training.predict(next(iter(self.networks.values())), images[list(picks)]).argmax(1)
        for pick, answer in zip(picks, said.tolist(), strict=True):
            label = labels[pick].item()
            name = _name(label)
            name += ", recognised" if answer == label else f" taken for {_name(answer)}"
            again = sum(other.split(" (")[0] == name for other in self.choices)
            self.choices[f"{name} ({again + 1})" if again else name] = pick

    def asked(self, network: str, image: str, about: str) -> int:
        """The class that is explained: what the network says, or what the image shows."""
        if about == "the label":
            return self.labels[self.choices[image]].item()
        with torch.no_grad():
            return self.networks[network](self._image(image)[None]).argmax().item()

    def _image(self, name: str) -> Tensor:
        return self.images[self.choices[name]]

    def maps(self, network: str, image: str, about: str) -> dict[str, Tensor]:
        """A map by each explainer, made once for each class asked about."""
        key = network, image, self.asked(network, image, about)
        if key not in self._kept:
            self._kept[key] = {
                name: explain(self.networks[network], self._image(image)[None], key[2])[0]
                for name, explain in EXPLAINERS.items()
            }
        return self._kept[key]

    def draw(self, network: str, image: str, about: str) -> Any:
        """Draw the image and its four maps."""
        made, axes = plots.figure(columns=5, width=8.0, height=2.3)
        said, label = (self.asked(network, image, what) for what in ("the answer", "the label"))
        plots.draw_image(axes[0], self._image(image))
        axes[0].set_title(f"{_name(label)}, named {_name(said)}", fontsize=9)
        for axis, (name, found) in zip(axes[1:], self.maps(network, image, about).items()):
            plots.draw_attribution(axis, found, over=self._image(image))
            axis.set_title(name, fontsize=9)
        about = _name(self.asked(network, image, about))
        made.suptitle(f"What speaks for “{about}” (orange) and against (purple)?", fontsize=11)
        return made

    def words(self, network: str, image: str, about: str) -> str:
        """The picture in words: each map's strongest place."""
        places = ", ".join(
            f"{name} in the {_place(found)}"
            for name, found in self.maps(network, image, about).items()
        )
        asked = _name(self.asked(network, image, about))
        return (
            f"One image: {image}. Explained for {asked} by the {network} network. What speaks for "
            f"it most lies: {places}."
        )


def _name(label: int) -> str:
    return data.FASHION_CLASSES[label]


def _place(found: Tensor) -> str:
    """Where a map is highest, by ninths."""
    row, column = divmod(found[0].argmax().item(), found.shape[-1])
    high = ("top", "middle", "bottom")[row * 3 // found.shape[-2]]
    return f"{high} {('left', 'centre', 'right')[column * 3 // found.shape[-1]]}"


def needs(network: Callable, image: Tensor) -> Iterator[dict[str, str]]:
    """Try each way to explain on a network: what it said, or why it refused."""
    ways = EXPLAINERS | {
        "confusion matrix": lambda net, one, label: diagnose.confusion(
            net, one, torch.tensor([label])
        )
    }
    for name, explain in ways.items():
        try:
            explain(network, image, 0)
            found = "works"
        except TypeError as error:
            found = f"refuses: {str(error).partition(':')[0]}"
        yield {"explanation": name, "on integers alone": found}


# ---- parts taken away, and what stands in for pixels


def bands_that_turn(network: Callable, images: Tensor, *, bands: int = 4) -> Tensor:
    """Whether the answer changes when a band of rows is black: n x band, bool; each executed."""
    said, height = training.predict(network, images).argmax(1), images.shape[-2] // bands
    turned = []
    for top in range(0, height * bands, height):
        changed = images.clone()
        changed[..., top : top + height, :] = 0
        turned.append(training.predict(network, changed).argmax(1) != said)
    return torch.stack(turned, 1)


def square_scores(
    network: nn.Module, images: Tensor, classes: Tensor, paints: Mapping[str, float]
) -> dict[str, Tensor]:
    """What maps say of the 16 squares of each image, n x 16; last come random scores.

    Args:
        classes: the class to explain for each image.
        paints: by name, the grey that stands for "nothing" while a map is made.
    """
    found = {}
    for name, paint in paints.items():
        found[f"integrated gradients, {name}"] = saliency.integrated_gradients(
            network, images, classes, steps=32, baseline=paint
        )
        found[f"LIME, {name}"] = surrogate.lime(
            network, images, classes, background=paint, log_odds=True, samples=200
        )
    scores = {name: avg_pool2d(maps, maps.shape[-1] // 4).flatten(1)
              for name, maps in found.items()}  # fmt: skip
    generator = torch.Generator().manual_seed(0)
    return scores | {"random squares": torch.rand(len(images), 16, generator=generator)}


def falls(
    network: Callable, images: Tensor, classes: Tensor, scores: Tensor, paint: float
) -> Tensor:
    """How far each image's probability falls when its four highest squares are painted over."""
    squares = surrogate.grid_segments(*images.shape[-2:], 4)
    gone = torch.zeros(scores.shape).scatter_(1, scores.topk(4).indices, 1)[:, squares][:, None]
    before, after = (
        training.predict(network, pictures).softmax(1).gather(1, classes[:, None])[:, 0]
        for pictures in (images, images * (1 - gone) + paint * gone)
    )
    return before - after


def painted(
    network: nn.Module, images: Tensor, classes: Tensor, paints: Mapping[str, float]
) -> dict[str, dict[str, Tensor]]:
    """`falls` for every map of `square_scores`, by map and by the paint of the test."""
    scores = square_scores(network, images, classes, paints)
    return {
        name: {paint: falls(network, images, classes, found, level)
               for paint, level in paints.items()}
        for name, found in scores.items()
    }  # fmt: skip


def means(fall: Mapping[str, Mapping[str, Tensor]]) -> list[dict[str, str]]:
    """Rows for `lesson.table`: each map's mean fall in every paint, with its standard error."""
    return [
        {"map, made with": name}
        | {f"painted {paint}": "{:.2f} ± {:.2f}".format(*with_error(by))
           for paint, by in pair.items()}
        for name, pair in fall.items()
    ]  # fmt: skip


def ahead(fall: Mapping[str, Mapping[str, Tensor]], one: str, other: str) -> list[float]:
    """How far one map's falls exceed another's in each paint, in standard errors (paired)."""
    pairs = (with_error(fall[one][paint] - by) for paint, by in fall[other].items())
    return [mean / error for mean, error in pairs]


def lead(fall: Mapping[str, Mapping[str, Tensor]], *, over: str) -> float:
    """By how much the worst of the other maps beats the control on average, in its worst paint."""
    return min(
        (by - fall[over][paint]).mean().item()
        for name, pair in fall.items() if name != over for paint, by in pair.items()
    )  # fmt: skip


def line_on_pixels(seed: int = 0) -> nn.Module:
    """A line from pixels to ten scores, trained on 30,000 training images for two rounds."""
    line = nn.Sequential(
        nn.Flatten(), models.seeded(nn.Linear, seed, in_features=1024, out_features=10)
    )
    images, labels = data.fashion_mnist("train", limit=30_000)
    return optimize.train(
        line, images, labels, rule=optimize.adam, epochs=2, learning_rate=5e-3,
        batch_size=256, seed=seed,
    ).network  # fmt: skip


def price_on_pixels(network: nn.Module, images: Tensor, labels: Tensor) -> paired.Paired:
    """How much more often the network is right than `line_on_pixels`, on the same images."""
    answers = (training.predict(model, images) for model in (line_on_pixels(), network))
    return paired.compare(*answers, labels)
