"""Laws of glass boxes: what is read is what the model does."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from course_utils import glassbox, shapley

X, Y = load_diabetes(return_X_y=True, scaled=False)
B, SICK = load_breast_cancer(return_X_y=True)


def scaled(model, **options):
    return make_pipeline(StandardScaler(**options), model)


# ---- lines


def test_by_hand():
    model = LinearRegression().fit([[0, 0], [1, 0], [0, 1], [1, 1]], [1, 3, 0, 2])  # 1 + 2a - b
    found = glassbox.contributions(model, [3, 5], background=[[0, 0], [2, 4]])
    assert found.values.tolist() == pytest.approx([2 * (3 - 1), -1 * (5 - 2)])
    assert found.base == pytest.approx(1 + 2 * 1 - 2)


@pytest.mark.parametrize("model", [
    LinearRegression(), Ridge(), Lasso(), scaled(LinearRegression()),
    scaled(Ridge(), with_mean=False), scaled(Ridge(), with_std=False),
    make_pipeline(StandardScaler(), "passthrough", Ridge()),
    make_pipeline(StandardScaler(), StandardScaler(with_mean=False), Ridge(fit_intercept=False)),
])  # fmt: skip
def test_contributions_and_base_sum_to_the_prediction(model):
    model.fit(X, Y)
    weights, intercept = glassbox.line(model)
    assert np.allclose(X @ weights + intercept, model.predict(X), atol=1e-8)
    for background in (X, X[:1], X[50:60]):
        values, base = glassbox.contributions(model, X[7], background=background)
        assert values.sum() + base == pytest.approx(model.predict(X[7:8])[0])
        assert base == pytest.approx(model.predict(background).mean())


@pytest.mark.parametrize("target", [None, 0, 1])
def test_logistic_regression_sums_to_the_log_odds(target):
    model = scaled(LogisticRegression()).fit(B, SICK)
    values, base = glassbox.contributions(model, B[3], background=B, target=target)
    sign = -1 if target == 0 else 1
    assert values.sum() + base == pytest.approx(sign * model.decision_function(B[3:4])[0])
    odds = 1 / (1 + math.exp(-sign * (values.sum() + base)))
    assert odds == pytest.approx(model.predict_proba(B[3:4])[0, 1])


def test_three_classes_have_a_line_each():
    flowers, kinds = load_iris(return_X_y=True)
    model = scaled(LogisticRegression()).fit(flowers, kinds)
    for target in range(3):
        values, base = glassbox.contributions(model, flowers[0], background=flowers, target=target)
        assert values.sum() + base == pytest.approx(model.decision_function(flowers[:1])[0, target])
    with pytest.raises(ValueError, match="3 classes.*target=0"):
        glassbox.line(model)
    with pytest.raises(ValueError, match="from 0 to 2; got 3"):
        glassbox.line(model, target=3)


def test_they_are_the_shapley_values():
    model, rows = scaled(LinearRegression()).fit(X, Y), X[::9]

    def value(coalitions):
        mixed = np.where(coalitions.numpy()[:, None], X[5], rows).reshape(-1, 10)
        return torch.tensor(model.predict(mixed)).view(-1, len(rows)).mean(1)

    found = glassbox.contributions(model, X[5], background=rows)
    assert np.allclose(found.values, shapley.exact(value, 10), atol=1e-10)


def test_the_shap_library_says_the_same():
    shap = pytest.importorskip("shap")
    model = LinearRegression().fit(X, Y)
    oracle = shap.LinearExplainer(model, shap.maskers.Independent(X, max_samples=len(X)))(X[:4])
    for row, values, base in zip(X, oracle.values, oracle.base_values):
        found = glassbox.contributions(model, row, background=X)
        assert np.allclose(found.values, values, atol=1e-8)
        assert found.base == pytest.approx(base)


def test_a_column_without_weight_adds_nothing_and_units_do_not_matter():
    model = Lasso(alpha=5.0).fit(X, Y)
    unused = model.coef_ == 0
    assert unused.any()
    assert not glassbox.contributions(model, X[0], background=X).values[unused].any()
    grams, kilos = X, X / 1000
    one, other = (
        glassbox.contributions(LinearRegression().fit(x, Y), x[0], background=x).values
        for x in (grams, kilos)
    )
    assert np.allclose(one, other, atol=1e-6)


# ---- trees


@pytest.mark.parametrize("tree", [
    DecisionTreeClassifier(max_depth=3, random_state=0), DecisionTreeClassifier(random_state=1),
    DecisionTreeRegressor(max_depth=6, random_state=0), DecisionTreeRegressor(random_state=0),
])  # fmt: skip
def test_who_meets_the_conditions_ends_in_the_same_leaf(tree):
    tree.fit(B, SICK)
    leaves, kept = tree.apply(B), B.astype(np.float32)
    for row, leaf in list(zip(B, leaves))[::20]:
        conditions = glassbox.path(tree, row)
        meets = np.all([(c.low < kept[:, c.column]) & (kept[:, c.column] <= c.high)
                        for c in conditions], axis=0)  # fmt: skip
        assert np.array_equal(meets, leaves == leaf)
        columns = [c.column for c in conditions]
        asked = tree.tree_.feature[tree.decision_path(row[None]).indices]
        assert columns == list(dict.fromkeys(asked[asked >= 0].tolist()))


def test_repeated_questions_are_merged():
    x = np.arange(8.0)[:, None]
    tree = DecisionTreeRegressor().fit(x, [0, 1, 5, 4, 9, 8, 12, 15])
    (condition,) = glassbox.path(tree, [4.2])
    assert condition == (0, 3.5, 4.5)
    assert glassbox.sentence(tree, [4.2], names=["age"]) == "3.5 < age <= 4.5"
    assert glassbox.sentence(tree, [-9], names=["age"]) == "age <= 0.5"
    assert glassbox.sentence(tree, [7], names=["age"]) == "age > 6.5"


def test_two_columns_are_joined_in_the_order_of_asking():
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
    tree = DecisionTreeClassifier(random_state=0).fit(x, [0, 0, 1, 2])
    assert glassbox.sentence(tree, [1, 1], names=["a", "b"]) == "a > 0.5 and b > 0.5"
    assert glassbox.sentence(tree, [0, 1], names=["a", "b"]) == "a <= 0.5"


def test_a_rounded_sentence_stays_true():
    x = np.array([[1.23449], [1.23451]])
    tree = DecisionTreeClassifier().fit(x, [0, 1])
    assert glassbox.sentence(tree, x[1], names=["v"], digits=3) == "v > 1.23"
    assert glassbox.sentence(tree, x[0], names=["v"], digits=3) != "v <= 1.23"
    bound = glassbox.sentence(tree, x[0], names=["v"], digits=3).removeprefix("v <= ")
    assert 1.23449 <= float(bound) < 1.2346


def test_sentences_are_true_of_their_row():
    tree = DecisionTreeClassifier(random_state=0).fit(B, SICK)
    names = [f"c{i}" for i in range(30)]
    for row in B[::10]:
        for part in glassbox.sentence(tree, row, names=names, digits=2).split(" and "):
            values = dict(zip(names, map(float, np.float32(row))))
            assert eval(part, {}, values), part


def test_a_tree_that_asks_nothing():
    tree = DecisionTreeClassifier().fit([[1.0], [2.0]], [0, 0])
    assert glassbox.path(tree, [5]) == []
    assert glassbox.sentence(tree, [5], names=["a"]) == "always"


# ---- courtesy and messages


def test_inputs_stay_as_they_were():
    model, tree = scaled(Ridge()).fit(X, Y), DecisionTreeRegressor(max_depth=3).fit(X, Y)
    row, rows, weights = X[0].copy(), X.copy(), model[-1].coef_.copy()
    glassbox.contributions(model, row, background=rows)
    glassbox.path(tree, row)
    assert np.array_equal(row, X[0]) and np.array_equal(rows, X)
    assert np.array_equal(weights, model[-1].coef_)


def test_named_rows_must_fit_the_model():
    table = pd.DataFrame(X[:, :2], columns=["age", "sex"])
    model, tree = LinearRegression().fit(table, Y), DecisionTreeRegressor().fit(table, Y)
    glassbox.contributions(model, table.iloc[0], background=table)
    glassbox.path(tree, table.iloc[0])
    for read in (lambda r: glassbox.path(tree, r),
                 lambda r: glassbox.contributions(model, r, background=table)):  # fmt: skip
        with pytest.raises(ValueError, match=r"fitted on \['age', 'sex'\]"):
            read(table[["sex", "age"]].iloc[0])


@pytest.mark.parametrize("black", [RandomForestClassifier(), MLPRegressor(), torch.nn.Linear(2, 1),
                                   scaled(RandomForestClassifier())])  # fmt: skip
@pytest.mark.parametrize("read", [
    lambda m: glassbox.contributions(m, [0], background=[[0]]), lambda m: glassbox.path(m, [0]),
    glassbox.line,
])  # fmt: skip
def test_a_black_box_is_refused_with_what_to_use_instead(black, read):
    with pytest.raises(TypeError, match="a glass box is needed.*shapley.exact"):
        read(black)


def test_a_line_has_no_path_and_a_tree_no_line():
    with pytest.raises(TypeError, match="one decision tree; got LinearRegression"):
        glassbox.path(LinearRegression().fit(X, Y), X[0])
    with pytest.raises(TypeError, match="a line.*got DecisionTreeRegressor"):
        glassbox.line(DecisionTreeRegressor().fit(X, Y))


def test_what_comes_before_the_line_must_keep_the_columns():
    model = make_pipeline(PolynomialFeatures(2), LinearRegression()).fit(X, Y)
    with pytest.raises(TypeError, match="only StandardScaler.*got PolynomialFeatures"):
        glassbox.line(model)


@pytest.mark.parametrize(("row", "words"), [
    (X[:1], r"got shape \(1, 10\).*X.iloc\[0\]"), (X[0, :3], r"10 numbers; got shape \(3,\)"),
    ([math.nan] * 10, "missing or infinite"),
])  # fmt: skip
def test_bad_rows(row, words):
    with pytest.raises(ValueError, match=words):
        glassbox.contributions(LinearRegression().fit(X, Y), row, background=X)
    with pytest.raises(ValueError, match=words):
        glassbox.path(DecisionTreeRegressor(max_depth=2).fit(X, Y), row)


def test_other_bad_inputs():
    model = LinearRegression().fit(X, Y)
    for background in (X[0], X[:, :4], X[:0]):
        with pytest.raises(ValueError, match="rows x 10 columns"):
            glassbox.contributions(model, X[0], background=background)
    with pytest.raises(ValueError, match="no target"):
        glassbox.line(model, target=1)
    with pytest.raises(ValueError, match="one number"):
        glassbox.line(LinearRegression().fit(X, np.stack([Y, Y], 1)))
    with pytest.raises(ValueError, match="10 columns; got 2 names"):
        glassbox.sentence(DecisionTreeRegressor(max_depth=2).fit(X, Y), X[0], names=["a", "b"])
    for unfitted in (LinearRegression(), LogisticRegression(), scaled(Ridge())):
        with pytest.raises(NotFittedError):
            glassbox.line(unfitted)
    with pytest.raises(NotFittedError):
        glassbox.path(DecisionTreeClassifier(), [1])
