"""The site and the slides in a real browser that has no network: figures, search, quiz, slides."""

import re
from urllib.parse import quote

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from test_browser import chromium

from course_utils import launch, syllabus
from course_utils.publish import build, executed

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated. Check CHANGES for Sphinx")
ADDRESS = "https://github.com/someone/course"
LESSON, OTHER = (
    next(lesson for lesson in syllabus.LESSONS if lesson.key == key) for key in ("3_2", "2_1")
)
LINK = "[2.1](../2_concepts/2_1_four_ways.ipynb)"
TEXTS = {
    "title": "# How few bits does a weight need?\n\nThree values, **ternary** (三值), may do.",
    "one": f"## One grid\n\nAn error of at most $\\frac{{s}}{{2}}$; see {LINK}.\n\n$$x \\ge 0$$",
    "two": "## Two grids\n\nMore text.",
}
CODES = {
    "figure": """from course_utils import lesson, page, plots, quizzes, widgets
figure, axis = plots.figure()
axis.plot([8, 4, 2], [93, 90, 10])
lesson.show(figure, alt="Accuracy falls as the bits do")""",
    "table": 'lesson.table([{"bits": 8, "accuracy": 0.93}], caption="The cliff")',
    "live": """def draw(bits):
    figure, axis = plots.figure(height=6)
    axis.bar([0], [bits])
    return figure


live = widgets.live(draw, alt="A bar", bits=(2, 8))""",
    "quiz": 'quizzes.show("3_2")',
    "far": 'page.Shown(\'<a href="../2_concepts/2_1_four_ways.ipynb">far</a>\', "far").put()',
}
ORDER = ("title", "one", "figure", "table", "live", "far", "two", "quiz")


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """Two small lessons, one of them run; and the course's folder with a public address."""
    root = tmp_path_factory.mktemp("course")
    cells = [
        new_markdown_cell(TEXTS[name]) if name in TEXTS else new_code_cell(CODES[name])
        for name in ORDER
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
    made = executed.run(new_notebook(cells=cells, metadata=kernel), LESSON, folder=root)
    plain = new_notebook(cells=[new_markdown_cell("# Four ways\n\nPruning.")], metadata=kernel)
    for name in ("README.md", "LICENSE"):
        (root / name).write_bytes((syllabus.ROOT / name).read_bytes())
    (root / "pyproject.toml").write_text(f'[tool.course]\nrepository = "{ADDRESS}"\n')
    for name in ("data", "notebooks"):
        (root / name).mkdir()
    (root / "data" / "README.md").write_text("# Data\n\nFashion-MNIST.\n")
    (root / "notebooks" / "BENCH.md").write_text("# What each lesson takes\n\nSeconds.\n")
    (root / "notebooks" / "for_teachers.md").write_text("# For teachers\n\nPlans.\n")
    (root / "notebooks" / "pictures").mkdir()
    for name in (syllabus.ROOT / "notebooks" / "pictures").iterdir():
        (root / "notebooks" / "pictures" / name.name).write_bytes(name.read_bytes())
    return root, [(OTHER, plain), (LESSON, made)]


def built(make, books, to, **options):
    root, lessons = books
    copies = [(lesson, nbformat.from_dict(book)) for lesson, book in lessons]
    copies = [(lesson, nbformat.reads(nbformat.writes(book), 4)) for lesson, book in copies]
    make(copies, to, root=root, **{"whole": False} | options)
    return to


@pytest.fixture(scope="module")
def site(books, tmp_path_factory):
    pytest.importorskip("furo")
    return built(build.site, books, tmp_path_factory.mktemp("out") / "a site")


@pytest.fixture(scope="module")
def deck(books, tmp_path_factory):
    pytest.importorskip("sphinx_revealjs")
    return built(build.slides, books, tmp_path_factory.mktemp("out") / "slides")


@pytest.fixture(scope="module")
def browser():
    path = chromium()
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    options += ["--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """A function that opens a page without a network; fails when a page asks for one, or errs."""
    asked, said = [], []
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: missing(request))
    page.on("console", lambda told: said.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))

    def missing(request):
        if request.failure != "net::ERR_ABORTED":  # the page was left meanwhile
            said.append(f"{request.failure}: {request.url[:200]}")

    def opened(file, more=""):
        page.goto(file.as_uri() + more, wait_until="load")
        return page

    yield opened
    page.wait_for_timeout(700)  # the quiz's script sleeps half a second before it looks for MathJax
    context.close()
    assert asked, "nothing was opened"
    assert [url[:200] for url in asked if not url.startswith(("file://", "data:"))] == []
    assert said == []


def where(out):
    return out / "notebooks" / LESSON.path.replace(".ipynb", ".html")


def test_a_page_shows_its_figures_with_their_words(site, visit):
    page = visit(where(site))
    pictures = page.locator(".cell_output img")
    assert pictures.count() == 2, "the figure, and the still picture of the widget"
    for place in range(2):
        picture = pictures.nth(place)
        picture.scroll_into_view_if_needed()
        page.wait_for_function("image => image.complete", arg=picture.element_handle())
        assert picture.evaluate("image => image.naturalWidth") > 300
    assert pictures.first.get_attribute("alt") == "Accuracy falls as the bits do"
    assert page.get_by_text("this page cannot show the controls").count() == 1


def test_a_page_has_number_formula_table_links_and_coloured_code(site, visit):
    from playwright.sync_api import expect

    page = visit(where(site))
    assert page.locator("h1").inner_text().startswith("3.2 How few bits")
    assert page.locator("math").count() == 2
    assert page.locator("math mfrac").bounding_box()["height"] > 10, "the fraction is drawn"
    assert page.locator("caption", has_text="The cliff").count() == 1
    assert page.locator(".highlight .kn").first.inner_text() == "from"
    colab, binder = re.findall(r"\((http[^)]*)\)", launch.badges(LESSON.path, ADDRESS))
    for link in (colab, binder):
        assert page.locator(f'a[href="{link}"]').count() == 1
    for words in ("2.1", "far"):  # a link in the text, and one in an output
        page = visit(where(site))
        page.get_by_role("main").get_by_role("link", name=words, exact=True).click()
        expect(page.locator("h1")).to_contain_text("2.1 Four ways")


def test_a_quiz_answers_without_a_network(site, visit):
    from playwright.sync_api import expect

    page = visit(where(site))
    quiz = page.locator(".Quiz:has(.MCButton)").first
    quiz.locator(".MCButton").first.click()
    expect(quiz.locator(".Feedback")).to_contain_text(re.compile("Right|Not this one"))


@pytest.mark.parametrize("word, found", [("ternary", "3.2 How few"), ("三值", "3.2 How few"),
                                         ("pruning", "2.1 Four ways")])  # fmt: skip
def test_search_finds_the_page_of_a_word(site, visit, word, found):
    from playwright.sync_api import expect

    page = visit(site / "search.html", f"?q={quote(word)}")
    results = page.locator("#search-results ul.search a")
    expect(results.filter(has_text=found).first).to_be_visible()
    assert results.count() < 6, "not every page holds the word"
    results.filter(has_text=found).first.click()
    expect(page.locator("h1")).to_contain_text(found)


def test_the_front_page_leads_to_lessons_glossary_and_data(site, visit):
    from playwright.sync_api import expect

    page = visit(site / "index.html")
    assert page.locator("main img, article img").first.evaluate("i => i.naturalWidth") > 300
    side = page.locator(".sidebar-tree a")
    names = [name.strip() for name in side.all_inner_texts()]
    assert [name[:3] for name in names[:2]] == ["2.1", "3.2"], "the syllabus's order"
    more = ["Glossary English – 中文", "Data", "What each lesson takes", "For teachers"]
    assert names[2:] == more
    side.nth(2).click()
    expect(page.get_by_role("cell", name="量化", exact=True)).to_have_count(1)


def test_a_page_fits_a_telephone(site, visit):
    page = visit(where(site))
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".cell_output img").first.bounding_box()["width"] <= 390


def test_slides_go_forward_and_show_what_the_lesson_shows(deck, visit):
    page = visit(where(deck))
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    total, seen, places = page.evaluate("Reveal.getTotalSlides()"), [], []
    for _ in range(total):
        slide = page.evaluate_handle("Reveal.getCurrentSlide()").as_element()
        assert slide.is_visible()
        seen.append(slide.inner_text())
        places.append(page.evaluate("JSON.stringify(Reveal.getIndices())"))
        page.keyboard.press("Space")
    assert len(set(places)) == total > 4
    assert page.evaluate("Reveal.isLastSlide()")
    assert seen[0].startswith("3.2 How few bits")
    heads = [text.splitlines()[0] for text in seen]
    assert heads.index("One grid") < heads.index("Two grids")
    assert any("The cliff" in text for text in seen)
    assert page.evaluate("Reveal.getHorizontalSlides().length") == 3, "a column for each heading"


def test_slides_fit_their_pictures_formulas_and_quiz(deck, visit):
    page = visit(where(deck))
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    pictures = 0
    for _ in range(page.evaluate("Reveal.getTotalSlides()")):
        slide = page.locator("section.present:not(.stack)").last
        wide = slide.evaluate("s => s.scrollWidth - s.clientWidth")
        assert wide <= 0, "nothing is cut at the side"
        if slide.locator(".Quiz").count() == 0:  # a whole quiz may scroll
            assert slide.evaluate("s => s.scrollHeight - s.clientHeight") <= 0
        for picture in slide.locator(".cell_output img").all():
            page.wait_for_function("image => image.complete", arg=picture.element_handle())
            box = picture.bounding_box()
            assert box["width"] > 300 and box["y"] >= 0 and box["y"] + box["height"] <= 720
            pictures += 1
        page.keyboard.press("Space")
    assert pictures == 2
    assert page.locator("math mfrac").count() == 1
    assert page.locator(".highlight .kn").count() > 0, "code is coloured"


def test_slides_have_a_list_that_leads_to_them(deck, visit):
    page = visit(deck / "index.html", "#/1")
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    assert page.locator(f'a[href$="{where(deck).name}"]').count() == 1
    assert page.locator(f'a[href$="{where(deck).name}"]').get_attribute("href")[:4] != "http"


@pytest.mark.parametrize("name", ["site", "deck"])
def test_nothing_in_the_files_points_to_the_network(request, name):
    out = request.getfixturevalue(name)
    remote = re.compile(
        r"<(?:script|link|img|iframe|source|video)\b[^>]*\b(?:src|href)=[\"']?(?:https?:)?//[^>]*"
        r"|@import[^;]*//[^;]*|url\([\"']?(?:https?:)?//[^)]*",
        re.IGNORECASE,
    )
    files = [file for file in out.rglob("*") if file.suffix in (".html", ".css")]
    used = {file for file in files if file.suffix == ".html" or "theme" not in file.parts}
    found = [(file.name, hit) for file in used for hit in remote.findall(file.read_text("utf-8"))]
    assert len(files) > 5
    assert found == []


def test_a_folder_with_something_else_in_it_is_left_alone(books, tmp_path):
    pytest.importorskip("furo")
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(build.BuildError, match="holds files of something else"):
        built(build.site, books, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_link_that_leads_nowhere_stops_a_whole_build(books, tmp_path):
    pytest.importorskip("furo")
    root, ((other, plain), _) = books
    plain = nbformat.reads(nbformat.writes(plain), 4)
    plain.cells[0].source += "\n\n[gone](../3_algorithms/3_9_gone.ipynb)"
    with pytest.raises(build.BuildError, match="3_9_gone") as told:
        build.slides([(other, plain)], tmp_path / "out", root=root)
    assert str(tmp_path) not in str(told.value)
    assert not (tmp_path / "out").exists()
