"""The recipe of lesson 5.4's studies: three bags and three transformers, made smaller, explained.

Everything is measured on validation sentences. The first transformer is kept as a file, in
floats and in int8; the bags are trained again in the lesson.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from course_utils import language, prune
from course_utils.language import compress, explain, files, onnx_files, probes, reasons
from course_utils.language.explain import rank_correlation
from course_utils.language.reader import Reader
from course_utils.recipes.rows import write_study

SEEDS = range(3)
SHARES = (0.5, 0.2, 0.1, 0.05)
"""Of the vocabulary that stays."""
COMPARED = 200
"""The first so many validation sentences, on which versions' explanations are compared."""
EXPLAINED = 300
"""The first so many sentences whose explainers are compared."""
ORDERS, SAMPLES = 30, 200
TABLES = ("language", "language_reasons", "language_words", "language_tried")
FILES = ("language.safetensors", "language.onnx")


def reasons_of(reader: Reader, text: str, *, seed: int = 0) -> dict[str, Tensor]:
    """Return every explainer's values for a sentence's words."""
    return {
        "leave one out": explain.leave_one_out(reader, text),
        "LIME": explain.lime(reader, text, samples=SAMPLES, seed=seed),
        "Shapley": explain.shapley(reader, text, orders=ORDERS, seed=seed),
        "attention": explain.attention(reader, text),
        "by lot": explain.by_lot(reader, text, seed=seed),
    }


def compared(values: dict[str, Tensor]) -> dict[str, float]:
    """Return rank correlations of how *much* each explainer gives to each word, no signs."""
    much = {name: one.abs() for name, one in values.items()}
    pairs = [("attention", "leave one out"), ("attention", "Shapley"), ("LIME", "Shapley"),
             ("leave one out", "Shapley"), ("by lot", "Shapley")]  # fmt: skip
    return {f"{one} ~ {other}": rank_correlation(much[one], much[other]) for one, other in pairs}


def explained(reader: Reader, seed: int, texts: list[str]) -> tuple[list[dict], list[dict]]:
    """Return rows of how explainers compare, sentence by sentence, and of rated words."""
    rows, ratings = [], reasons.rated()
    total: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for k, text in enumerate(texts):
        names = explain.players(text)
        if len(names) < 2:
            continue
        values = reasons_of(reader, text, seed=k)
        for place, word in enumerate(names):
            if word in ratings:
                total[word]["times"] += 1
                for name, one in values.items():
                    total[word][name] += one[place].item()
        if k < EXPLAINED and len(names) > 2 * reasons.TAKEN:
            falls = reasons.falls(reader, text, values)
            named = {f"{name}, {judge}": fall for (name, judge), fall in falls.items()}
            row = {"seed": seed, "sentence": k, "log-odds": reader([text]).item()}
            rows.append(row | compared(values) | named)
    return rows, [word_row(word, found, seed) for word, found in sorted(total.items())
                  if found["times"] >= 3]  # fmt: skip


def word_row(word: str, found: dict[str, float], seed: int) -> dict:
    """Return a word's mean value for each explainer."""
    times = found["times"]
    means = {name: one / times for name, one in found.items() if name != "times"}
    return {"seed": seed, "word": word, "times": int(times)} | means


def smaller(reader: Reader, kind: str, seed: int) -> Iterator[tuple[str, float, int, Reader]]:
    """Give versions of a reader: way, share of the words, bytes of its file, and itself."""
    yield "whole", 1, len(files.file_content(reader)), reader
    integer = onnx_files.int8(reader)
    yield "int8", 1, len(integer.network.bytes), integer
    for share in SHARES:
        for way, values in compress.scores(reader, seed=seed).items():
            less = compress.with_words(reader, prune.highest(values, share=share))
            yield way, share, len(files.file_content(less)), less
    if kind == "bag":
        fold = compress.folded(reader)
        yield "folded", 1, len(files.file_content(fold)), fold


def maps(reader: Reader, texts: list[str]) -> list[Tensor]:
    """Return leave-one-out values of sentences of at least two words."""
    return [explain.leave_one_out(reader, t) for t in texts if len(explain.players(t)) > 1]


def alike(some: list[Tensor], others: list[Tensor]) -> float:
    """Return the mean rank correlation of two readers' explanations, with signs."""
    found = [rank_correlation(one, other) for one, other in zip(some, others, strict=True)]
    return sum(found) / len(found)


def tried(reader: Reader, kind: str, seed: int, validation: list[str]) -> list[dict]:
    """Return what minimal pairs turn, and what hangs on the order and on attention."""
    known = reader.vocabulary
    found = probes.adjectives(known)
    right = language.sentences("validation").liked == (reader(validation) > 0)
    sure = [text for text, ok in zip(validation[:EXPLAINED], right.tolist()) if ok]
    rows = {"not": probes.negated(reader, found),
            "but": probes.order(reader, probes.clauses(found)),
            "typo": probes.turned(reader, probes.typos(reader, sure)),
            "name": probes.turned(reader, probes.renamed(validation, known))}  # fmt: skip
    stirred = turns(reader(validation), reader(probes.stirred(validation, seed=seed)))
    rows["order of words"] = probes.Turned(stirred, 0.0, len(validation))
    if kind == "transformer":
        ways = {"uniform": explain.uniform, "shuffled": explain.shuffled(seed),
                "blind": explain.blind}  # fmt: skip
        for name, way in ways.items():
            share = turns(reader(validation), explain.reweighed(reader, validation, way))
            rows[f"attention {name}"] = probes.Turned(share, 0.0, len(validation))
    made = [{"seed": seed, "network": kind, "what": what, "turned": one.share,
             "control": one.control, "pairs": one.pairs} for what, one in rows.items()]  # fmt: skip
    for word in ("not", "very"):
        for side, moved in zip(("good", "bad"), probes.shifts(reader, found, word), strict=True):
            made[0][f"{word} moves {side}"] = moved  # beside the pairs of "not"
    return made


def turns(before: Tensor, after: Tensor) -> float:
    """Return the share of answers that are another one."""
    return ((before > 0) != (after > 0)).double().mean().item()


def study() -> tuple[dict[str, list[dict]], Reader, Reader]:
    """Return all tables by name, and the first transformer in floats and in int8."""
    train, validation = language.sentences("train"), language.sentences("validation")
    vocabulary = language.learn(train.texts)
    tables: dict[str, list[dict]] = {name: [] for name in TABLES}
    readers = {(kind, seed): language.train(kind, vocabulary, train, validation, seed=seed).reader
               for kind in ("bag", "transformer") for seed in SEEDS}  # fmt: skip
    texts = validation.texts[:COMPARED]
    plain = {key: maps(reader, texts) for key, reader in readers.items()}
    kept = []

    def add(kind, seed, way, share, size, reader):
        found = plain[kind, seed] if way == "whole" else maps(reader, texts)
        right = language.accuracy(reader(validation.texts), validation.liked)
        row = {"seed": seed, "network": kind, "way": way, "share": share, "bytes": size,
               "accuracy": right, "agreement": alike(found, plain[kind, seed])}  # fmt: skip
        other = alike(plain[kind, seed], plain[kind, (seed + 1) % len(SEEDS)])
        tables["language"].append(row | {"another seed": other})

    for (kind, seed), reader in readers.items():
        for way, share, size, version in smaller(reader, kind, seed):
            add(kind, seed, way, share, size, version)
            if (kind, seed) == ("transformer", 0) and way in ("whole", "int8"):
                kept.append(version)
        tables["language_tried"] += tried(reader, kind, seed, validation.texts)
        if kind == "transformer":
            taught = compress.taught_bag(reader, train, validation, seed=seed)
            add("bag", seed, "taught", 1, len(files.file_content(taught)), taught)
            rows, words = explained(reader, seed, validation.texts)
            tables["language_reasons"] += rows
            tables["language_words"] += words
    return tables, *kept


def made(folder: Path) -> list[Path]:
    """Train, shrink and explain six readers: about 10 CPU minutes."""
    tables, whole, integer = study()
    paths = [write_study(rows, folder, name) for name, rows in tables.items()]
    for name, reader in zip(FILES, (whole, integer), strict=True):
        path = folder.parent / "studies" / name
        files.save(reader, path)
        paths.append(path)
    return paths


RECIPES = {"language": (made, "5.4", None)}
"""Name, recipe and lesson; it writes no rows."""
