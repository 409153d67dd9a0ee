"""Attributions: how much each pixel of an image speaks for a class.

Every method is called `method(network, images, target=None, ...)` and returns a tensor of
the images' shape, signed. `target` None explains the class that the network predicts.
Occlusion and RISE ask for predictions only, so they explain any network; the others need
gradients.
"""

from course_utils.saliency.cam import grad_cam, hires_cam
from course_utils.saliency.faithfulness import area, deletion_curve, insertion_curve
from course_utils.saliency.gradients import (
    completeness_error,
    gradient,
    integrated_gradients,
    smooth_grad,
)
from course_utils.saliency.layers import activations, last_convolution, watching
from course_utils.saliency.occlusion import occlusion
from course_utils.saliency.randomise import cascade
from course_utils.saliency.rise import rise, rise_masks
from course_utils.saliency.scores import asking, explaining

__all__ = [
    "activations",
    "area",
    "asking",
    "cascade",
    "completeness_error",
    "deletion_curve",
    "explaining",
    "grad_cam",
    "gradient",
    "hires_cam",
    "insertion_curve",
    "integrated_gradients",
    "last_convolution",
    "occlusion",
    "rise",
    "rise_masks",
    "smooth_grad",
    "watching",
]
