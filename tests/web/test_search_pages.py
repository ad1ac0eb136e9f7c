"""Searching as people do it, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
TURNER = "/search?q=turner&near=54.978,-1.617"


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def titles(page: Page) -> list[str]:
    page.wait_for_load_state()
    return [text.strip() for text in page.locator(".hit h2").all_text_contents()]


def test_who_finds_nothing_is_told_whom_to_ask(visit: Visit) -> None:
    page = visit("/search?q=zyxwvut&near=Newcastle", width=360)
    asked = page.get_by_role("region", name="Ask somebody who knows").get_by_role("listitem")
    expect(asked).to_have_count(1)  # the others tell neither telephone nor mail
    expect(asked).to_contain_text("Central Library")
    expect(asked).to_contain_text("Open until 19:00")
    expect(asked.get_by_role("link", name="0191 277 4100")).to_have_attribute("href", "tel:01912774100")
    page = visit("/search?q=zyxwvut&near=Newcastle&kind=museum")
    expect(page.get_by_role("heading", name="Ask somebody who knows")).to_have_count(0)


def test_search_from_home(visit: Visit, picture: Callable[..., None]) -> None:
    page = visit("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Where can I get or see it today?")
    expect(page.locator(".numbers")).to_contain_text("5")
    picture(page, "home")
    page.get_by_label("What are you looking for?").fill("turner sketchbooks")
    page.get_by_label("Near", exact=True).fill("Newcastle")
    page.get_by_role("button", name="Search").click()
    assert asked(page) == {
        "q": ["turner sketchbooks"],
        "near": ["Newcastle"],
        "mode": ["walk"],
    }  # nothing empty is sent
    first = page.locator(".hit").first
    expect(first.get_by_role("link", name="Turner's sketchbooks")).to_be_visible()
    expect(first.locator(".where")).to_contain_text("Central Library")
    expect(first.locator(".where")).to_contain_text("Available to borrow")
    expect(first.locator(".where")).to_contain_text("checked 2 h ago")
    expect(first.locator(".where")).to_contain_text("Open until 19:00")
    expect(first.locator(".where")).to_contain_text("on foot")


def test_examples_lead_to_results(visit: Visit) -> None:
    page = visit("/")
    links = [link.get_attribute("href") for link in page.locator(".pills a").all()]
    assert len(links) >= 4
    for link in links:
        page.goto(str(link))
        assert page.locator(".hit").count() > 0, link


def test_filter_and_take_a_chip_away(visit: Visit, picture: Callable[..., None]) -> None:
    page = visit(TURNER)
    every = titles(page)
    page.get_by_label("Museum object").check()
    page.get_by_role("button", name="Apply filters").click()
    assert titles(page) == ["Sketchbook used on the River Tyne"]
    assert asked(page)["type"] == ["object"]
    assert page.get_by_label("Museum object").is_checked()
    picture(page, "filtered")
    page.locator(".chips").get_by_role("link", name="Museum object").click()
    assert "type" not in asked(page)
    assert titles(page) == every


def test_open_on_arrival_in_the_past_and_future(visit: Visit) -> None:
    page = visit(f"{TURNER}&open=true&at=2026-11-24T18:30")
    places = page.locator(".hit .fact.place").all_text_contents()
    assert not any("Laing Gallery" in place for place in places)
    expect(page.locator("#at")).to_have_value("2026-11-24T18:30")
    expect(page.locator(".notice")).to_contain_text("1 more left out")  # the archive, whose hours are unknown


def test_unknown_is_shown_as_unknown(visit: Visit) -> None:
    page = visit("/search?q=turner+letters&near=54.978,-1.617")
    card = page.locator(".hit").filter(has=page.get_by_role("link", name="Turner letters"))
    expect(card.locator(".where")).to_contain_text("Availability unknown")
    expect(card.locator(".where")).to_contain_text("Opening hours unknown")


def test_an_old_status_is_never_plain_available(visit: Visit) -> None:
    page = visit("/search?q=evil")
    card = page.locator(".hit").first
    expect(card.locator(".where")).to_contain_text("last checked on 15 Oct")
    assert card.locator(".fact.good", has_text="Available").count() == 0


def test_the_map_shows_the_places_of_the_list(visit: Visit, picture: Callable[..., None]) -> None:
    page = visit(TURNER)
    expect(page.locator(".map-canvas")).to_be_visible()
    listed = {
        (item.get_attribute("data-lat"), item.get_attribute("data-lon"))
        for item in page.locator(".hit[data-lat]").all()
    }
    pins = page.locator(".map-canvas .pin:not(.self)")
    expect(pins).to_have_count(len(listed))
    expect(page.locator(".map-canvas .pin.self")).to_have_count(1)
    first = page.locator(".hit").first
    number = first.get_attribute("data-number")
    pin = page.locator(f'.map-canvas [title^="{number}"]')
    pin.click()
    expect(page.locator(".leaflet-popup-content")).to_contain_text(titles(page)[0])
    first.hover()
    expect(pin.locator(".pin")).to_have_class("pin lit")
    picture(page, "search")


def test_why_is_it_here(visit: Visit) -> None:
    page = visit(TURNER)
    card = page.locator(".hit").first
    card.get_by_text("Why is it here?").click()
    rows = card.locator("tbody tr")
    points = [float(cell) for cell in card.locator("tbody td.number").all_text_contents()]
    assert rows.count() >= 5
    assert abs(sum(points[:-1]) - points[-1]) < 0.002 * len(points)
    assert all(text.strip() for text in card.locator("tbody tr td:not(.number)").all_text_contents())


def test_pages_of_results_hold_everything_once(visit: Visit) -> None:
    page = visit("/search?q=history+bridges")
    seen = titles(page)
    assert len(seen) == 20
    page.get_by_role("link", name="Next page").click()
    seen += titles(page)
    assert len(seen) == len(set(seen)) == 25
    page.get_by_role("link", name="Back to the first page").click()
    assert titles(page) == seen[:20]


def test_sorted_by_year(visit: Visit) -> None:
    page = visit("/search?q=bridges")
    page.get_by_role("link", name="Oldest").click()
    assert titles(page)[0] == "A history of bridges, volume 1"
    expect(page.get_by_role("link", name="Oldest")).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Search").click()  # the order stays with the next search
    assert asked(page)["sort"] == ["oldest"]


def test_a_wrong_value_is_told_beside_its_field(visit: Visit, picture: Callable[..., None]) -> None:
    page = visit("/search?q=turner&near=Atlantis", expect=400)
    near = page.get_by_label("Near", exact=True)
    expect(near).to_have_value("Atlantis")
    expect(near).to_have_attribute("aria-invalid", "true")
    described = str(near.get_attribute("aria-describedby")).split()
    assert "Atlantis" in " ".join(str(page.locator(f"#{name}").text_content()) for name in described)
    picture(page, "wrong-place")
    page = visit("/search?q=turner&at=tomorrow", expect=400)
    expect(page.locator("#at")).to_have_value("tomorrow")
    page = visit("/search?q=turner&year_from=early", expect=400)
    expect(page.locator("#year_from")).to_have_attribute("aria-invalid", "true")


def test_nothing_found_offers_a_way_on(visit: Visit, picture: Callable[..., None]) -> None:
    page = visit("/search?q=zyxwvut&type=book&open=true")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    expect(page.get_by_role("link", name="Search again without filters")).to_be_visible()
    picture(page, "nothing-found")


def test_hostile_titles_are_only_text(visit: Visit) -> None:
    page = visit("/search?q=evil")
    expect(page.locator(".hit h2").first).to_contain_text("<script>alert('title')</script>")
    expect(page.locator(".fact.place").first).to_contain_text("<b>Bold</b> Library")
    visit('/search?q="><script>alert(1)</script>&near=54.9,-1.6')


def test_position_on_request_is_rounded(visit: Visit) -> None:
    page = visit("/", geolocation={"latitude": 54.9783252, "longitude": -1.6178211}, permissions=["geolocation"])
    page.get_by_role("button", name="Use my position").click()
    expect(page.get_by_label("Near", exact=True)).to_have_value("54.978,-1.618")
    page = visit("/", permissions=[])
    page.get_by_role("button", name="Use my position").click()
    expect(page.locator("#near-status")).to_contain_text("no position")


def test_keyboard_only(visit: Visit) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to content")
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "q":
            break
    assert page.evaluate("document.activeElement.id") == "q"  # the first field after the skip link
    page.keyboard.type("turner sketchbooks")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    for _ in range(80):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("document.activeElement.textContent") == "Turner's sketchbooks":
            break
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Turner's sketchbooks")
