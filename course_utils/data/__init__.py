"""The course's real data, read from the repository: nothing is ever downloaded."""

from course_utils.data.files import SHA256, DataError, check, folder, study
from course_utils.data.images import (
    FASHION_CLASSES,
    VALIDATION,
    fashion_mnist,
    mnist,
    split_indices,
)
from course_utils.data.reviews import REVIEWS, movie_reviews, review_ratings, word_ratings
from course_utils.data.torchvision_files import torchvision_root

__all__ = [
    "FASHION_CLASSES",
    "REVIEWS",
    "SHA256",
    "VALIDATION",
    "DataError",
    "check",
    "fashion_mnist",
    "folder",
    "mnist",
    "movie_reviews",
    "review_ratings",
    "split_indices",
    "study",
    "torchvision_root",
    "word_ratings",
]
