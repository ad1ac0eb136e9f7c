"""Without scripts, on a small screen, in Chinese, in the dark, and for assistive technology: every page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
PAGES = {
    "home": ("/", 200),
    "search": ("/search?q=turner&near=54.978,-1.617&type=book&type=object&type=archive&type=map", 200),
    "browse": ("/search", 200),
    "nothing": ("/search?q=zyxwvut&open=true", 200),
    "wrong": ("/search?q=turner&near=Atlantis&within_km=far", 400),
    "institutions": ("/institutions", 200),
    "institution": ("/institutions/central", 200),
    "source": ("/sources/town", 200),
    "about": ("/about", 200),
    "embed": ("/embed", 200),
    "frame": ("/embed/nearby?title=turner+letters", 200),
    "empty-frame": ("/embed/nearby?title=zyxwvut", 200),
    "missing": ("/works/none", 404),
}


def work(visit: Visit, **options: object) -> Page:
    page = visit("/search?q=turner&near=54.978,-1.617", **options)
    page.locator('.hit h2 a:has-text("Turner\'s sketchbooks")').click()
    page.wait_for_load_state()
    return page


def why(visit: Visit, **options: object) -> Page:
    page = work(visit, **options)
    page.locator('a[href*="/why"]').click()
    page.wait_for_load_state()
    return page


def clean(page: Page) -> None:
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("scheme", "lang", "width"), [("light", "en", 1280), ("dark", "zh", 360)])
def test_axe_finds_nothing(
    visit: Visit, picture: Callable[..., None], name: str, scheme: str, lang: str, width: int
) -> None:
    path, status = PAGES[name]
    path = f"{path}{'&' if '?' in path else '?'}lang={lang}"
    page = visit(path, scheme=scheme, width=width, expect=status)
    picture(page, f"{name}-{scheme}-{lang}-{width}")
    clean(page)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing_on_a_work(visit: Visit, picture: Callable[..., None], scheme: str, width: int) -> None:
    page = work(visit, scheme=scheme, width=width)
    picture(page, f"work-{scheme}-{width}")
    clean(page)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing_on_why(visit: Visit, picture: Callable[..., None], scheme: str, width: int) -> None:
    page = why(visit, scheme=scheme, width=width)
    picture(page, f"why-{scheme}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    clean(page)


@pytest.mark.parametrize("name", [*PAGES, "work"])
def test_a_small_screen_never_scrolls_sideways(visit: Visit, name: str) -> None:
    path, status = PAGES.get(name, ("", 200))
    page = work(visit, width=360) if name == "work" else visit(path, width=360, expect=status)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("path", ["/", "/search?q=turner&near=Newcastle", "/institutions/central"])
def test_letters_of_twice_the_size_fit_a_telephone(visit: Visit, path: str) -> None:
    page = visit(f"{path}{'&' if '?' in path else '?'}lang=zh", width=390)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_results_can_be_skipped_to(visit: Visit) -> None:
    page = visit("/search?q=turner")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the results")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('results').contains(document.activeElement)")


def test_a_whole_search_without_scripts(visit: Visit, picture: Callable[..., None]) -> None:
    page = visit("/", scripts=False)
    assert not page.locator("[data-locate]").is_visible()
    page.locator("#q").fill("turner")
    page.locator("#near").fill("Newcastle")
    page.get_by_role("button", name="Search").click()
    assert page.locator(".hit").count() > 3
    assert not page.locator("[data-map]").is_visible()
    page.get_by_label("Museum object").check()  # on a wide screen the filters stand open
    page.get_by_role("button", name="Apply filters").click()
    assert page.locator(".hit").count() == 1
    page.locator(".why summary").click()
    expect(page.locator(".why table")).to_be_visible()
    picture(page, "without-scripts")
    page.locator(".hit h2 a").click()
    expect(page.locator("h1")).to_have_text("Sketchbook used on the River Tyne")
    page.locator(".hit h3 a").first.click()
    expect(page.locator("h1")).to_have_text("Laing Gallery")


def test_filters_unfold_on_a_small_screen_without_scripts(visit: Visit) -> None:
    page = visit("/search?q=turner", scripts=False, width=360)
    box = page.locator("input[name=type][value=object]")
    assert not box.is_visible()
    page.locator(".filters > summary").click()
    box.check()
    page.get_by_role("button", name="Apply filters").click()
    assert page.locator(".hit").count() == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_a_telephone_shows_an_answer_at_once(visit: Visit, scripts: bool) -> None:
    page = visit("/search?q=turner&near=Newcastle&mode=drive", scripts=scripts, width=360)
    assert page.locator(".hit .where").first.bounding_box()["y"] < 640  # type: ignore[index]
    fold = page.locator(".context > summary")
    expect(fold).to_have_text("Near: Newcastle · now · By car")
    assert not page.locator("#near").is_visible()
    fold.click()
    page.locator("#near").fill("Gateshead")
    page.get_by_role("button", name="Search").click()
    assert "near=Gateshead" in page.url
    assert "mode=drive" in page.url


def test_what_is_wrong_stands_open_on_a_telephone(visit: Visit) -> None:
    page = visit("/search?q=turner&near=Atlantis", width=360, expect=400)
    expect(page.locator("#near-wrong")).to_be_visible()
    page = visit("/search?q=turner&year_from=soon", width=360, expect=400)
    expect(page.locator("#year_from-wrong")).to_be_visible()


def test_chinese(visit: Visit, picture: Callable[..., None]) -> None:
    page = visit("/search?q=透纳", locale="zh-CN")
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    expect(page.locator("h1")).to_contain_text("“透纳”共")
    link = page.locator(".hit h2 a").first
    expect(link).to_have_text("透纳的水彩画")
    expect(link).to_have_attribute("lang", "zh")
    expect(page.locator(".hit .where").first).to_contain_text("12月3日")
    page.get_by_role("link", name="English").click()
    assert "lang=en" in page.url
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("button", name="Search").click()  # the language stays
    assert "lang=en" in page.url
    page.locator(".hit h2 a").first.click()
    assert page.locator("html").get_attribute("lang") == "en"


def test_titles_tell_their_language(visit: Visit) -> None:
    page = visit("/search?q=skizzenbuch")
    expect(page.get_by_role("link", name="Ein Skizzenbuch von Turner")).to_have_attribute("lang", "de")


def test_a_reader_of_hebrew_reads_from_the_right(visit: Visit, picture: Callable[..., None]) -> None:
    page = visit("/search?q=הנמל", width=360)

    def direction(what: str) -> str:
        return str(page.locator(what).first.evaluate("element => getComputedStyle(element).direction"))

    assert (direction("#q"), direction(".hit h2"), direction("#near"), direction("h1")) == ("rtl", "rtl", "ltr", "ltr")
    picture(page, "hebrew-360")
    page.locator(".hit h2 a").click()
    page.wait_for_load_state()
    assert (direction("h1"), direction("p.description"), direction("h2")) == ("rtl", "rtl", "ltr")
    expect(page.locator("h1")).to_have_attribute("lang", "he")
    picture(page, "hebrew-work-360")
    page = visit("/search?q=turner")
    assert direction(".hit h2") == "ltr"


def test_the_description_of_the_api_can_be_read_by_everybody(visit: Visit) -> None:
    page = visit("/api/docs")
    page.locator(".opblock-summary-method").first.wait_for()
    found = {rule["id"] for rule in Axe().run(page).response["violations"]}
    assert found <= {"heading-order", "nested-interactive"}  # of Swagger UI's own making


@pytest.mark.parametrize(
    ("path", "most"), [("/", 20_000), ("/search?q=turner", 90_000), ("/institutions/central", 90_000)]
)
def test_pages_are_light_for_a_slow_line(visit: Visit, path: str, most: int) -> None:
    page = visit(path)
    page.wait_for_load_state("networkidle")
    sizes = page.evaluate(
        "['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind)).map(each => each.transferSize)"
    )
    assert len(sizes) > 2
    assert 5_000 < sum(sizes) < most


def test_a_telephone_fetches_the_map_when_it_comes_near(visit: Visit) -> None:
    page = visit("/search?q=bridges", width=360)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("typeof L") == "undefined"
    page.locator("[data-map]").scroll_into_view_if_needed()
    expect(page.locator(".map-canvas .pin").first).to_be_visible()


def test_no_cookies_no_foreign_hosts(visit: Visit) -> None:
    page = work(visit)
    assert page.context.cookies() == []
