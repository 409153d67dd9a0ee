"""Laws of ratings, factorisation and ranking quality; scikit-learn and hand answers as oracles."""

import math

import pytest
import torch

from course_utils import recommend
from course_utils.recommend import Factors, Ratings, factors, quality, ridge


def some_ratings(users=30, films=40, share=0.5, seed=0):
    draw = torch.Generator().manual_seed(seed)
    user, film = (torch.rand(users, films, generator=draw) < share).nonzero().T
    group = (user % 2 == film % 2).float()
    stars = 2 + 2.5 * group + 0.5 * torch.randint(0, 2, (len(user),), generator=draw)
    return Ratings(user, film, stars, users, films)


def plain(scores):
    """Factors whose scores are these: user x film."""
    users, films = scores.shape
    return Factors(torch.eye(users), scores.T.clone(), torch.zeros(users), torch.zeros(films),
                   torch.tensor(0.0))  # fmt: skip


def keys(ratings):
    return set((ratings.user * ratings.films + ratings.film).tolist())


# ---- ratings


def test_movielens_is_whole():
    ratings, titles = recommend.movielens()
    assert (len(ratings), ratings.users, ratings.films, len(titles)) == (100004, 671, 9066, 9066)
    assert ratings.stars.min() == 0.5 and ratings.stars.max() == 5
    assert len(keys(ratings)) == len(ratings)
    assert ratings.user.bincount().min() >= 20
    place = titles.index("Toy Story")
    assert ratings.counts()[place] == 247


def test_splits_are_apart_complete_and_by_user():
    whole = some_ratings()
    parts = recommend.split(whole, seed=1, validation=0.1, test=0.2)
    pieces = [keys(one) for one in (parts.train, parts.validation, parts.test)]
    assert sum(map(len, pieces)) == len(whole) and set.union(*pieces) == keys(whole)
    for user in range(whole.users):
        mine = len(whole.of(user))
        assert len(parts.test.of(user)) == math.floor(mine * 0.2 + 1e-9)
        assert len(parts.validation.of(user)) == math.floor(mine * 0.1 + 1e-9)


def test_a_seed_is_a_split_and_another_is_another():
    whole = some_ratings()
    one, same, other = (recommend.split(whole, seed=seed).test for seed in (0, 0, 1))
    assert keys(one) == keys(same) != keys(other)
    stars = dict(zip((whole.user * 40 + whole.film).tolist(), whole.stars.tolist(), strict=True))
    assert all(stars[k] == x for k, x in zip((one.user * 40 + one.film).tolist(),
                                             one.stars.tolist(), strict=True))  # fmt: skip


def test_shares_are_fractions():
    with pytest.raises(ValueError, match="Did you mean 0.1"):
        recommend.split(some_ratings(), seed=0, test=10)
    with pytest.raises(ValueError, match="nothing to train on"):
        recommend.split(some_ratings(), seed=0, test=0.5, validation=0.5)


def test_liked_counts_of_without():
    ratings = Ratings(torch.tensor([0, 0, 1, 1]), torch.tensor([2, 0, 2, 1]),
                      torch.tensor([4.0, 3.5, 5.0, 0.5]), 3, 4)  # fmt: skip
    assert ratings.liked.film.tolist() == [2, 2]
    assert ratings.counts().tolist() == [1, 1, 2, 0]
    assert ratings.of(1).tolist() == [2, 1] and ratings.of(2).tolist() == []
    table = ratings.table()
    assert table.sum() == 4 and table[0].tolist() == [True, False, True, False]
    left = ratings.without(torch.tensor([0, 1]), torch.tensor([2, 0]))
    assert keys(left) == {0, 4 + 2, 4 + 1} and len(ratings) == 4  # (1, 0) was never there


# ---- factors


def test_biases_by_hand():
    ratings = Ratings(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 0]),
                      torch.tensor([5.0, 2.0, 5.0]), 3, 3)  # fmt: skip
    base = recommend.biases(ratings, penalty=2)
    assert base.mean == 4 and base.film_bias.tolist() == pytest.approx([0.5, -2 / 3, 0])
    assert base.user_bias.tolist() == pytest.approx([(0.5 - 4 / 3) / 4, 0.5 / 3, 0])
    told = base.pairs(torch.tensor([1]), torch.tensor([1]))
    assert told.item() == pytest.approx(4 + 0.5 / 3 - 2 / 3)


def test_popularity_counts_likes_only():
    ratings = some_ratings()
    base = recommend.popularity(ratings)
    wanted = [int(((ratings.film == k) & (ratings.stars >= 4)).sum()) for k in range(40)]
    assert base.film_bias.tolist() == wanted
    assert torch.equal(base.scores()[0], base.scores()[7])


def test_scores_and_pairs_agree():
    now = factors.drawn(some_ratings(), 3, 0, recommend.biases(some_ratings()))
    user, film = torch.tensor([0, 5, 29]), torch.tensor([39, 1, 0])
    assert torch.allclose(now.scores()[user, film], now.pairs(user, film), atol=1e-6)
    by_hand = now.mean + now.user_bias[5] + now.film_bias[1] + now.user[5] @ now.film[1]
    assert torch.allclose(now.pairs(user, film)[1], by_hand)


@pytest.mark.parametrize("train", [recommend.on_stars, recommend.on_pairs, recommend.on_likes])
def test_training_learns_what_biases_cannot_and_repeats(train):
    parts = recommend.split(some_ratings(), seed=0, test=0.2)
    state = torch.get_rng_state()
    found = train(parts.train, dimensions=4, penalty=0.01, seed=3)
    assert found.loss[-1] < 0.8 * found.loss[0]
    assert quality.right_pairs(found, parts.test).nanmean() > 0.85
    assert quality.right_pairs(recommend.biases(parts.train), parts.test).nanmean() < 0.7
    assert torch.equal(found.film, train(parts.train, dimensions=4, penalty=0.01, seed=3).film)
    assert torch.equal(state, torch.get_rng_state())
    assert not found.film.requires_grad


def test_stars_first_loss_by_hand():
    train = some_ratings()
    start = factors.drawn(train, 4, 0, recommend.biases(train))
    error = (start.pairs(train.user, train.film) - train.stars).square().mean()
    size = sum(x.square().sum() for x in (start.user[train.user], start.film[train.film],
                                          start.user_bias[train.user],
                                          start.film_bias[train.film]))  # fmt: skip
    loss = recommend.on_stars(train, dimensions=4, penalty=0.3, steps=1).loss
    assert loss == pytest.approx((float(error + 0.3 * size / len(train)),), rel=1e-5)


def test_pairs_first_loss_by_hand():
    train = some_ratings()
    liked, start = train.liked, factors.drawn(train, 4, 3)
    lot = torch.Generator().manual_seed(3)
    other = torch.randint(train.films, (len(liked),), generator=lot)
    unseen = ~train.table()[liked.user, other]
    assert 0 < unseen.sum() < (~liked.table()[liked.user, other]).sum() < len(liked)
    scores = start.scores()
    behind = scores[liked.user, other] - scores[liked.user, liked.film]
    size = (start.user[liked.user].square() + start.film[liked.film].square()).sum() / len(liked)
    wanted = torch.log1p(behind.exp())[unseen].mean() + 0.3 * size
    loss = recommend.on_pairs(train, dimensions=4, penalty=0.3, steps=1, seed=3).loss
    assert loss == pytest.approx((wanted.item(),), rel=1e-5)


def test_likes_loss_is_the_weighted_sum_over_all_pairs():
    train = some_ratings()
    start = factors.drawn(train, 4, 0)
    wanted = train.liked.table().float()
    weight = 1 + 7 * wanted
    all_pairs = (weight * (wanted - start.scores()).square()).sum() - wanted.sum() * 0
    size = start.user.square().sum() + start.film.square().sum()
    loss = recommend.on_likes(train, dimensions=4, weight=7, penalty=3, steps=1).loss
    assert loss == pytest.approx((float((all_pairs + 3 * size) / wanted.sum()),), rel=1e-5)


def test_pairs_never_count_a_seen_film_as_another():
    whole = some_ratings(users=6, films=5, share=1.0)
    part = whole[torch.arange(len(whole)) != 3]  # one film is left that one user has not seen
    found = recommend.on_pairs(part, dimensions=2, steps=30, penalty=0.0)
    assert found.user_bias.abs().max() == 0
    assert found.film_bias.abs().argmax() in (3, *part.liked.of(0).tolist())


def test_watch_sees_each_step_before_it_is_made():
    seen = []
    train = some_ratings()
    recommend.on_stars(train, dimensions=2, steps=3, watch=lambda k, now: seen.append((k, now)))
    assert [k for k, _ in seen] == [0, 1, 2]
    start = factors.drawn(train, 2, 0)
    moved = [(now.user - start.user).abs().mean().item() for _, now in seen]
    assert moved[0] == 0 < moved[1] < moved[2]


def test_dimensions_are_at_least_one():
    with pytest.raises(ValueError, match="at least 1"):
        recommend.on_stars(some_ratings(), dimensions=0)


# ---- ridge


def test_user_vector_is_scikit_learns():
    from sklearn.linear_model import Ridge

    film = torch.randn(25, 4, generator=torch.Generator().manual_seed(0))
    liked = torch.tensor([3, 9, 24])
    target = torch.isin(torch.arange(25), liked).double()
    oracle = Ridge(alpha=2.5, fit_intercept=False, solver="cholesky")
    oracle.fit(film.double(), target, sample_weight=1 + 7 * target)
    mine = ridge.user_vector(film, liked, weight=7, penalty=2.5)
    assert mine.tolist() == pytest.approx(oracle.coef_.tolist(), abs=1e-5)
    assert ridge.user_vector(film, liked[:0]).abs().max() == 0


def test_all_vectors_are_each_ones_and_end_what_likes_trains():
    train = some_ratings()
    found = recommend.on_likes(train, dimensions=3, steps=5, weight=4, penalty=2)
    for user in (0, 17):
        one = ridge.user_vector(found.film, train.liked.of(user), weight=4, penalty=2)
        assert torch.allclose(found.user[user], one, atol=1e-6)


# ---- quality


def test_ndcg_and_recall_by_hand():
    wanted = torch.zeros(4, 6, dtype=torch.bool)
    wanted[0, [1, 4]] = True
    wanted[1, [0, 1, 2, 3, 4]] = True
    wanted[2, 5] = True
    lists = torch.tensor([[3, 1, 0], [0, 5, 2], [0, 1, 2], [0, 1, 2]])
    found = quality.ndcg(lists, wanted)
    second, third = 1 / math.log2(3), 0.5
    assert found[:3].tolist() == pytest.approx(
        [second / (1 + second), 1.5 / (1 + second + third), 0.0]
    )
    assert quality.recall(lists, wanted)[:3].tolist() == pytest.approx([0.5, 0.4, 0])
    assert found[3].isnan() and quality.recall(lists, wanted)[3].isnan()


def test_ndcg_is_scikit_learns():
    from sklearn.metrics import ndcg_score

    draw = torch.Generator().manual_seed(0)
    scores, wanted = torch.rand(20, 30, generator=draw), torch.rand(20, 30, generator=draw) < 0.3
    theirs = ndcg_score(wanted.numpy(), scores.numpy(), k=7)
    lists = quality.top(scores, torch.zeros_like(wanted), 7)
    assert quality.ndcg(lists, wanted).mean().item() == pytest.approx(theirs, abs=1e-6)


def test_seen_films_are_never_listed_and_users_who_want_nothing_do_not_count():
    scores = torch.tensor([[9.0, 8.0, 7.0, 6.0], [1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]])
    seen = torch.tensor([[True, False, False, False], [False] * 4, [False] * 4])
    assert quality.top(scores, seen, 2).tolist() == [[1, 2], [3, 2], [3, 2]]
    held = Ratings(torch.tensor([0, 1, 2]), torch.tensor([1, 0, 3]), torch.tensor([4.0, 5.0, 3.5]),
                   3, 4)  # fmt: skip
    gains, found = quality.ranked(plain(scores), seen, held, k=2)
    assert gains.tolist() == [1.0, 0.0] and found.tolist() == [1.0, 0.0]
    assert torch.equal(scores[0], torch.tensor([9.0, 8.0, 7.0, 6.0])), "scores were changed"


def test_each_user_keeps_the_films_seen_when_another_wants_nothing():
    scores = torch.tensor([[9.0, 8.0, 7.0]] * 3)
    seen = torch.tensor([[False] * 3, [True, False, False], [False] * 3])
    wanted = torch.tensor([[False] * 3, [False, True, False], [True, False, False]])
    gains, found = quality.ranked(plain(scores), seen, wanted, k=1)
    assert gains.tolist() == found.tolist() == [1.0, 1.0]


def test_rmse_holds_stars_to_their_range():
    held = Ratings(torch.tensor([0, 0]), torch.tensor([0, 1]), torch.tensor([5.0, 3.0]), 1, 2)
    assert quality.rmse(plain(torch.tensor([[9.0, 1.0]])), held) == pytest.approx(math.sqrt(2))


def test_right_pairs_by_hand():
    held = Ratings(torch.tensor([0, 0, 0, 1, 2, 2]), torch.tensor([0, 1, 2, 0, 0, 1]),
                   torch.tensor([5.0, 4.0, 3.0, 5.0, 1.0, 4.0]), 3, 3)  # fmt: skip
    scores = torch.tensor([[3.0, 1.0, 2.0], [1.0, 2.0, 3.0], [2.0, 2.0, 0.0]])
    found = quality.right_pairs(plain(scores), held)
    assert found[[0, 2]].tolist() == [0.5, 0.5] and found[1].isnan()
