"""Laws of lesson 5.6's helpers: tables, deleted reasons, newcomers, and the widget's pictures."""

import pytest
import torch
from test_recommend import some_ratings

from course_utils import recommend
from course_utils.demos import figures_5_6 as figures
from course_utils.demos import film_reasons as reasons
from course_utils.demos import lesson_5_6 as demo
from course_utils.recommend import explain


@pytest.fixture(scope="module")
def parts():
    ratings = some_ratings(users=40, films=60, share=0.9)
    return [recommend.split(ratings, seed=seed, validation=0.2) for seed in range(2)]


@pytest.fixture(scope="module")
def curves(parts):
    return demo.Curves(parts[0])


@pytest.fixture(scope="module")
def found(parts, curves):
    return demo.train_all(parts, curves=curves, progress=False)


def test_curves_follow_the_first_split_only(curves, found):
    steps = {name: [row[0] for row in rows] for name, rows in curves.rows.items()}
    assert steps == {"stars": [0, 20, 40, 60, 80], "pairs": [0, 20, 40, 60, 80, 100],
                     "likes": [0, 20, 40, 60]}  # fmt: skip
    told = demo.quality.rmse(found[0]["stars"], curves.part.validation)
    assert curves.rows["stars"][-1][1] == told
    words = figures.words_for_training(curves.rows, popular=0.1, biases=0.9)
    assert f"{told:.3f} at the end" in words and "Popularity 0.100" in words
    assert figures.training(curves.rows, popular=0.1, biases=0.9)


def test_curves_start_before_training_and_end_after_it(curves, found, parts):
    start = recommend.factors.drawn(parts[0].train, 32, 0, recommend.biases(parts[0].train))
    for place, model in ((0, start), (-1, found[0]["stars"])):
        _, error, lists = curves.rows["stars"][place]
        assert error == pytest.approx(demo.quality.rmse(model, parts[0].validation), abs=1e-6)
        assert lists == pytest.approx(demo.ndcgs([model], parts[:1])[0], abs=1e-6)
    trained = curves.rows["likes"][-1][2]
    assert trained == demo.ndcgs([found[0]["likes"]], parts[:1])[0]


def test_titles_say_what_the_numbers_say():
    curves = {"stars": [(0, 1.0, 0.05), (20, 0.8, 0.02)], "likes": [(0, 1.0, 0.0), (20, 2.0, 0.2)]}
    beside = {"popular": 0.1, "biases": 0.9}
    assert figures.ends(curves, **beside) == "Lists: likes above popularity, stars below popularity"
    alone = {"stars": curves["stars"]}
    said = "The error ends below the biases', the lists below popularity"
    assert figures.ends(alone, **beside) == said
    assert figures.ends(alone, popular=0.01, biases=0.7) == said.replace("below", "above")
    assert figures.training(alone, **beside).get_suptitle() == said


def test_the_title_of_smaller_files_names_the_fewest_vectors_that_do():
    rows = [{"way": way, "what": what, "bytes": 9, "NDCG": [value, value + 0.02]}
            for way, what, value in (("float32", "whole", 0.2), ("fewer bits", "2 bits", 0.15),
                                     ("rare films out", "50% of the films", 0.2),
                                     ("rare films out", "5% of the films", 0.195),
                                     ("rare films out", "2% of the films", 0.18),
                                     ("films out by lot", "2% of the films", 0.2))]  # fmt: skip
    said = figures.losses(rows)
    assert said == "The 5% most liked films are enough; 2 bits lose 0.050 of NDCG"
    assert len(said) < 65  # a longer one would be cut off
    for row in rows[2:5]:
        row["NDCG"] = [0.1]
    assert figures.losses(rows).startswith("No film vector can go")


def test_each_split_has_models_of_its_own(found, parts):
    again = recommend.on_pairs(parts[1].train, seed=1)
    assert torch.equal(found[1]["pairs"].film, again.film)


def test_table_of_models(found, parts):
    scored = demo.score(found, parts)
    rows = demo.rows(found, parts, scored)
    assert [row["model"] for row in rows] == ["biases", "popularity", "stars", "pairs", "likes"]
    assert [row["RMSE, stars"] == "–" for row in rows] == [False, True, False, True, True]
    mean = demo.ndcgs([one["likes"] for one in found], parts)
    assert [x.mean().item() for x in scored["likes"]] == mean
    gaps = demo.against(scored, "likes", "popularity")
    by_hand = (scored["likes"][1] - scored["popularity"][1]).mean().item()
    assert gaps[1][0] == pytest.approx(by_hand, abs=1e-6)


def test_spread_in_words():
    assert demo.spread([0.1, 0.2, 0.3]) == "0.200 ± 0.100"
    assert demo.spread([0.1, 0.2, 0.3], percent=True) == "20.0% ± 10.0%"


def test_smaller_files_are_smaller_and_rare_films_go_first(found, parts):
    rows = demo.smaller([one["likes"] for one in found], parts)
    sizes = {(row["way"], row["what"]): row["bytes"] for row in rows}
    whole = sizes["float32", "whole"]
    assert max(sizes.values()) == whole and len(rows) == 14
    assert sizes["fewer bits", "2 bits"] < sizes["fewer bits", "8 bits"]
    train = parts[0].train
    stays, likes = demo.kept(train, 0.5), train.liked.counts()
    assert likes[stays].min() >= likes[~stays].max()
    lot = demo.kept(train, 0.5, "films out by lot")
    assert lot.sum() == stays.sum() and not torch.equal(lot, stays)
    words = figures.words_for_sizes(rows)
    assert words.count("kB") == len(rows)
    assert figures.sizes(rows, popular=0.1)
    for row, seed in ((rows[1], 0), (rows[1], 1)):
        small = recommend.compress.rounded(found[seed]["likes"], bits=8)
        assert row["NDCG"][seed] == demo.ndcgs([small], parts[seed : seed + 1])[0]
    assert rows[1]["bytes"] == demo.file_bytes(small, bits=8)


def test_head_and_tail_are_apart(found, parts):
    popular = [one["popularity"] for one in found]
    row = demo.tail_rows({"popularity": popular}, parts)[0]
    assert 10 <= row["films in all lists"] <= 60
    assert row["recall, head"].startswith("100.0%")  # 3 films of 60: always in the ten
    found_by_hand = []
    for one, part in zip(popular, parts, strict=True):
        liked, head = part.validation.liked, demo.kept(part.train, 0.05)
        lists = recommend.quality.top(one.scores(), part.train.table()).tolist()
        tails = [[k for k in liked.of(u).tolist() if not head[k]] for u in range(40)]
        shares = [len(set(x) & set(lists[u])) / len(x) for u, x in enumerate(tails) if x]
        found_by_hand.append(sum(shares) / len(shares))
    assert row["recall, tail"] == demo.spread(found_by_hand, percent=True)


def test_the_tests_ratings_are_read_with_all_others_seen(found, parts):
    likes = [one["likes"] for one in found]
    rows = demo.test_rows(found, parts, likes)
    assert [row["model"] for row in rows][-2:] == ["likes", "likes, small"]
    assert rows[-1]["NDCG@10, test"] == rows[-2]["NDCG@10, test"]
    means = []
    for one, part in zip(likes, parts, strict=True):
        seen = part.train.table() | part.validation.table()
        means.append(demo.quality.ranked(one, seen, part.test)[0].mean().item())
    assert rows[-1]["NDCG@10, test"] == demo.spread(means)
    part = parts[0]
    held = part.validation.liked.film
    tail = (~demo.kept(part.train, 0.05)).nonzero().flatten().tolist()
    assert demo.in_tail([part])[0] == pytest.approx(
        sum(x in tail for x in held.tolist()) / len(held)
    )


def test_reasons_left_out(found, parts):
    train, likes = parts[0].train, found[0]["likes"]
    cases = reasons.cases(likes, train, range(12), least=5)
    assert all(len(case.liked) >= 5 for case in cases.values())
    user, case = next(iter(cases.items()))
    assert not torch.isin(torch.tensor(case.recommended), train.of(user))
    assert explain.place(case, train.of(user)) == 1
    gone = reasons.deleted(cases, train, count=2)
    whole = case.score()
    stays = explain.left(case, explain.removed(case), 2)
    wanted = (whole - case.score(stays)) / whole
    assert gone.falls["removal"][0].item() == pytest.approx(wanted, abs=1e-6)
    assert gone.agree["removal"].tolist() == pytest.approx([1.0] * len(cases))
    users, films = gone.gone["similarity"]
    assert len(users) == len(films) == 2 * len(cases)
    stays = explain.left(case, explain.similar(case), 2).tolist()
    assert set(films[users == user].tolist()) == set(case.liked.tolist()) - set(stays)
    likes = train.liked.counts()
    popular = gone.gone["popularity"][1][users == user]
    assert likes[popular].sum() == likes[case.liked].topk(2).values.sum()
    assert gone.falls["removal"].mean() > gone.falls["lot"].mean()
    rows = reasons.reason_rows(gone)
    assert rows[0]["rank correlation with removal"] == "1.00"
    half = {name: torch.full((9,), share) for name, share in
            zip(reasons.EXPLAINERS, (0.4, 0.3, 0.2, 0.1), strict=True)}  # fmt: skip
    title = figures.falls({"a": half, "b": gone.falls}).get_suptitle()
    assert title == "Of what removal's three cost: similarity 75%, popularity 50%, lot 25%"
    assert "removal" in figures.words_for_falls({"a": gone.falls})


def test_relearned_without_anything_changes_nothing(found, parts):
    train, likes = parts[0].train, found[0]["likes"]
    cases = reasons.cases(likes, train, range(4), least=5)
    empty = torch.tensor([], dtype=torch.int64)
    case = next(iter(cases.values()))
    users = torch.full((3,), next(iter(cases)))
    gone = {"none": (empty, empty), "some": (users, case.liked[:3])}
    falls = reasons.relearned(cases, likes, train, gone, progress=False)
    assert falls["none"].abs().max() < 1e-5 < falls["some"].abs().max()


def test_newcomers_are_the_same_users_at_each_count(parts):
    known = reasons.newcomers(parts[0], (0, 5, 20))
    assert list(known) == [0, 5, 20, "popularity"]
    train, wanted = parts[0].train, parts[0].validation.liked.table()
    many = torch.bincount(train.liked.user, minlength=train.users) >= 20
    assert {len(values) for values in known.values()} == {int((wanted.any(1) & many).sum())}
    assert known[20].mean() > known[0].mean()


def test_newcomers_are_new_to_the_model_and_to_popularity(parts, monkeypatch):
    trained, counted = [], []
    likes, popularity = recommend.on_likes, recommend.popularity
    monkeypatch.setattr(
        recommend, "on_likes", lambda train, **more: trained.append(train) or likes(train, **more)
    )
    monkeypatch.setattr(recommend, "popularity",
                        lambda train: counted.append(train) or popularity(train))  # fmt: skip
    known = reasons.newcomers(parts[0], (20,), groups=2, seed=5)
    assert len(trained) == 2 and all(a is b for a, b in zip(trained, counted, strict=True))
    for group, train in enumerate(trained):
        assert set((train.user % 2).tolist()) == {1 - group}
        assert len(train) == int((parts[0].train.user % 2 != group).sum())
    lists = popularity(trained[0])
    held = parts[0].validation.liked.table()
    many = torch.bincount(parts[0].train.liked.user, minlength=40) >= 20
    held[~(many & (torch.arange(40) % 2 == 0))] = False
    first = demo.quality.ranked(lists, parts[0].train, held)[0]
    assert torch.equal(known["popularity"][: len(first)], first)


def test_all_likes_told_give_the_vector_of_all_likes(parts, found):
    model, train = found[0]["likes"], parts[0].train
    told = reasons._told(model, {3: train.liked.of(3)}, 999)
    assert torch.allclose(told.user[3], model.user[3], atol=1e-6) and not told.user[4].any()
    one = reasons._told(model, {3: train.liked.of(3)}, 1).user[3]
    assert torch.equal(one, recommend.ridge.user_vector(model.film, train.liked.of(3)[:1]))


def test_the_desk(parts, found):
    titles = [f"Film {k}" for k in range(59)] + ["A title that is far too long for the picture"]
    desk = reasons.Desk(found[0]["likes"], parts[0].train, titles)
    films, scores = desk.ten(3, 32)
    assert len(films) == 10 and (scores.diff() <= 0).all()
    assert not set(films) & set(parts[0].train.of(3).tolist())
    best = recommend.quality.top(found[0]["likes"].scores(), parts[0].train.table())[3]
    assert films == best.tolist()
    because = desk.because(3, films[0], 32)
    assert [row[1] for row in because] == sorted([row[1] for row in because], reverse=True)
    place = next(k for k in range(1, 10) if desk.ten(3, 32)[0] != desk.ten(3, 2)[0] or k == 9)
    assert place == 1, "two bits leave the ten as they were"
    case = explain.Case(desk.tables[2], parts[0].train.liked.of(3), films[1])
    strongest, fall, alike = desk.because(3, films[1], 2)[0]
    which = explain.removed(case).argmax()
    assert strongest == titles[int(case.liked[which])]
    assert fall == pytest.approx(explain.removed(case)[which].item() / case.score(), abs=1e-6)
    assert alike == pytest.approx(explain.similar(case)[which].item(), abs=1e-6)
    words = figures.words_for_ten(desk, 3, 2, 4)
    assert titles[desk.ten(3, 4)[0][1]] in words and "at 4 bits" in words
    assert figures.ten(desk, 3, 2, 4)
    assert figures.short("Sixth Sense, The") == "The Sixth Sense"
    assert figures.short("Good, the Bad and the Ugly, The (Il buono)").startswith("The Good, the")
    assert figures.short(titles[-1]).endswith("…") and len(figures.short(titles[-1])) <= 34


def test_a_long_title_leaves_the_number_in_sight(parts, found):
    titles = [f"Film {k}: a title that goes on, and on, and on" for k in range(60)]
    desk = reasons.Desk(found[0]["likes"], parts[0].train, titles)
    for place in (1, 10):
        said = figures.ten(desk, 3, place, 32).get_suptitle()
        assert said.endswith("%") and len(said) < 100
