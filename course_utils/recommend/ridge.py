"""The best vector of a user when the films' vectors stand still: ridge regression, closed form.

For `on_likes` (Hu 2008): a like asks for 1 and weighs 1 + weight, every other film asks for 0 and
weighs 1.

    vector = A⁻¹ b      A = filmsᵀ films + weight · Σ f fᵀ + penalty · I      b = (1 + weight) · Σ f
"""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.recommend.ratings import Ratings

WEIGHT, PENALTY = 5.0, 20.0
"""How much more a like weighs than another pair, and the price of a vector's squared length."""


def user_vector(
    film: Tensor,
    liked: Tensor,
    *,
    weight: float = WEIGHT,
    penalty: float = PENALTY,
    gram: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Return one user's vector.

    Args:
        film: film x dimension.
        liked: places of the films that this user liked; none gives the zero vector.
        gram: filmᵀ film, if it is at hand.
    """
    own = film[liked].double()
    gram = film.T.double() @ film.double() if gram is None else gram
    matrix = gram + weight * own.T @ own + penalty * torch.eye(film.shape[1], dtype=torch.float64)
    return torch.linalg.solve(matrix, (1 + weight) * own.sum(0)).to(film.dtype)


def user_vectors(
    film: Tensor, train: Ratings, *, weight: float = WEIGHT, penalty: float = PENALTY
) -> Tensor:
    """Return user x dimension: the best vectors for the films that each user liked."""
    liked, gram = train.liked, film.T.double() @ film.double()
    return torch.stack([user_vector(film, liked.of(user), weight=weight, penalty=penalty, gram=gram)
                        for user in range(train.users)])  # fmt: skip


def without_each(
    film: Tensor, liked: Tensor, *, weight: float = WEIGHT, penalty: float = PENALTY
) -> Tensor:
    """Return liked x dimension: the user's vector, refitted with one liked film left out each.

    Exact: each row is what `user_vector` gives without that film.
    """
    gram = film.T.double() @ film.double()
    own = film[liked].double()
    matrix = gram + weight * own.T @ own + penalty * torch.eye(film.shape[1], dtype=torch.float64)
    matrices = matrix - weight * own[:, :, None] * own[:, None, :]
    sums = (1 + weight) * (own.sum(0) - own)
    return torch.linalg.solve(matrices, sums).to(film.dtype)
