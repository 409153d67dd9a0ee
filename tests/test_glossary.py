"""The glossary has no doubles, and every lesson calls its terms what the glossary calls them."""

import json
import re
from collections import Counter
from itertools import groupby

import pytest

from course_utils import glossary, lesson, links, syllabus

pytest_plugins = ["stand_ins"]

# What the two source documents name, in their own words and in their order.
DOCUMENT_A = """模型优化 模型解释 计算复杂度 内存占用 黑盒 可解释性 可靠性 网络结构优化 参数
减少参数 减少层数 跳跃连接 量化 浮点数 整数 剪枝 知识蒸馏 可视化解释 文本解释 模型诊断 神经网络
神经元 全连接层 整数量化 子整数量化 权重剪枝 稀疏化 激活剪枝 激活函数 模型蒸馏 数据蒸馏 卷积神经网络
融合 自然语言处理 计算机视觉 强化学习 训练策略""".split()
DOCUMENT_B = """模型结构的创新 深度学习 神经网络 表示 特征 梯度下降 随机梯度下降 模型压缩 权重裁剪
量化 知识蒸馏 解释性模型 线性回归 决策树 特征重要性 模型可视化 前向传播 损失函数 反向传播 收敛
图像识别 推荐系统 可信度 优化器""".split()


def disagreements(text):
    """What stands as "term (中文)" in a text and differs from the glossary, in words."""
    known = {term.chinese: term for term in glossary.terms()}
    for before, inside in re.findall(r"([^()\n]*)\(([^()\n]*[\u4e00-\u9fff][^()\n]*)\)", text):
        parts = [part.strip() for part in re.split("[,;，；、]", inside)]
        said = [part for part in parts if re.search(r"[\u4e00-\u9fff]", part)]
        for chinese in said:
            term = known.get(chinese)
            if term is None:
                yield f"({chinese}) is not in course_utils/glossary.csv"
            elif parts[-1] == chinese and not any(
                ends_with(words, term.forms) for words in (before, *parts[:-1])
            ):
                yield f"“{before[-30:]}({chinese})”: the glossary says {', '.join(term.forms)}"


def ends_with(before, forms):
    """Whether a text ends with one of a term's forms; emphasis and plurals do not matter."""
    plain = re.sub(r"[*_`“”\"]", "", before).strip().lower()
    endings = (rf"(^|\W){re.escape(form.lower())}(s|es)?$" for form in forms)
    return any(re.search(ending, plain) for ending in endings)


# ---- the file


def test_no_english_form_and_no_chinese_word_stands_twice():
    english = Counter(form.lower() for term in glossary.terms() for form in term.forms)
    chinese = Counter(term.chinese for term in glossary.terms())
    assert [word for word, n in (english + chinese).items() if n > 1] == []


def test_every_term_is_complete():
    numbers = {entry.number for entry in syllabus.LESSONS}
    for term in glossary.terms():
        assert re.search(r"[\u4e00-\u9fff]", term.chinese), term
        assert term.lesson in numbers, term
        assert 10 <= len(term.meaning) <= 100, term
        assert all(part == part.strip() for part in (*term.forms, *term[1:2], *term[3:])), term


def test_topics_stand_together():
    topics = [topic for topic, _ in groupby(term.topic for term in glossary.terms())]
    assert len(topics) == len(set(topics))


@pytest.mark.parametrize("words", [DOCUMENT_A, DOCUMENT_B], ids=["A", "B"])
def test_the_documents_key_terms_are_all_there(words):
    assert set(words) - {term.chinese for term in glossary.terms()} == set()


# ---- the lessons


@pytest.mark.parametrize("file", links.notebooks(), ids=lambda file: file.stem)
def test_lesson_agrees_with_the_glossary(file):
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    assert [words for text in texts for words in disagreements(text)] == []


@pytest.mark.parametrize(
    "text",
    ["**Magnitude pruning** (幅值剪枝) begins", "two *weights* (权重)", "MAC (乘加运算)",
     "**multiply-accumulate** (MAC, 乘加运算): x", "its own length (L2 norm, 范数)",
     "in two steps (深度可分离卷积, lesson 3.1)",
     "no Chinese (at all)", "batches (批) and biases (偏置)"],
)  # fmt: skip
def test_what_agrees(text):
    assert list(disagreements(text)) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("**pruning** (修剪)", "(修剪) is not in"),
        ("**quantization** (剪枝)", "the glossary says pruning, prune, pruned"),
        ("unweights (权重)", "the glossary says weight"),
        ("weight (权重) and bias (偏差)", "(偏差) is not in"),
        ("FLOP (FMA, 乘加运算)", "the glossary says multiply-accumulate"),
    ],
)
def test_what_disagrees(text, words):
    (found,) = disagreements(text)
    assert words in found


# ---- looking up


@pytest.mark.parametrize("words", ["pruning", "PRUNING", " 剪枝 "])
def test_found_in_either_language(words):
    found = {term.term for term in glossary.find(words)}
    assert {"pruning", "weight pruning", "activation pruning"} <= found
    assert "latency" not in found


def test_all_terms_are_shown_folded_by_topic(notebook):
    lesson.glossary()
    (bundle,) = notebook
    assert bundle["text/html"].count("<details") == len({t.topic for t in glossary.terms()})
    for term in glossary.terms():
        assert term.chinese in bundle["text/html"] and term.chinese in bundle["text/plain"]


def test_some_terms_are_shown_open(notebook):
    lesson.glossary("zero point")
    assert "<details" not in notebook[0]["text/html"]
    assert "零点" in notebook[0]["text/html"]


def test_an_unknown_word_is_told_with_the_nearest(notebook):
    shown = lesson.glossary("<prunning>")
    assert "Did you mean" in shown.text and "pruning" in shown.text
    assert "<prunning>" not in notebook[0]["text/html"]
