"""Pages of works and institutions, and the pages that say what went wrong, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


def open_work(visit: Visit, title: str, **options: object) -> Page:
    page = visit("/search?q=turner&near=54.978,-1.617", **options)
    page.get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    return page


def test_a_work_with_all_its_copies(visit: Visit, picture: Callable[..., None]) -> None:
    page = open_work(visit, "Turner's sketchbooks")
    assert "near=54.978" in page.url  # the asker's place comes along
    places = page.locator(".hit h3").all_text_contents()
    assert [place.strip() for place in places] == ["Central Library", "Byker Library", "<b>Bold</b> Library"]
    first = page.locator(".hit").first
    for text in ("759.2 TUR", "Level 3, Art", "Available to borrow", "checked 2 h ago", "Open until 19:00", "on foot"):
        expect(first).to_contain_text(text)
    expect(page.locator(".hit").nth(2)).to_contain_text("Expected back 3 Dec")
    expect(page.locator(".map-canvas .pin:not(.self)")).to_have_count(3)
    details = page.locator("dl.facts")
    for text in ("Tate", "9781849761031", "Watercolour painting", "208 pages"):
        expect(details).to_contain_text(text)
    expect(page.get_by_text("Smith, Jane")).to_be_visible()
    expect(page.get_by_text("(editor)")).to_be_visible()
    picture(page, "work")


def test_links_from_catalogues_are_web_addresses_only(visit: Visit) -> None:
    page = open_work(visit, "Turner's sketchbooks")
    links = [link.get_attribute("href") or "" for link in page.get_by_role("link").all()]
    assert "https://tate.example/x" in links
    assert not any(link.lower().startswith(("javascript:", "data:")) for link in links)
    expect(page.locator('a[href="https://tate.example/x"]')).to_have_attribute("rel", "noopener")
    page = visit("/institutions/gallery")
    assert page.locator('a[href^="javascript:"]').count() == 0


def test_a_work_at_another_time(visit: Visit) -> None:
    page = open_work(visit, "Turner's sketchbooks")
    page.get_by_label("When").fill("2026-11-24T20:00")
    page.get_by_role("button", name="Update").click()
    expect(page.locator(".hit").filter(has_text="Central Library")).to_contain_text("Closed, opens tomorrow 09:00")


def test_copies_tell_their_edition_and_one_edition_shows_its_own(visit: Visit) -> None:
    page = visit("/search?q=ferries+of+the+wear&near=54.978,-1.617", width=360)
    page.get_by_role("link", name="Ferries of the Wear").click()
    expect(page.locator(".copy .about")).to_have_text(
        ["EnglishQuay Press1990", "Die Fähren des WearGermanKaiverlag2010"]
    )
    page.get_by_role("row", name="1990").get_by_role("link").click()
    assert "near=54.978" in page.url
    expect(page.locator(".hit h3")).to_have_text("Central Library")
    expect(page.get_by_text("Only this edition: English · Quay Press · 1990")).to_be_visible()
    page.get_by_role("button", name="Update").click()
    expect(page.locator(".hit h3")).to_have_count(1)
    page.get_by_role("link", name="Show all 2 copies").click()
    expect(page.locator(".hit h3")).to_have_count(2)
    visit(page.url.split("#")[0] + "&edition=gone")
    expect(page.locator(".hit h3")).to_have_count(2)


def test_who_cannot_be_sure_is_told_whom_to_ask_first(visit: Visit) -> None:
    page = visit("/search?q=tales+nobody+counted")
    page.get_by_role("link", name="Tales nobody counted").click()
    places = page.locator(".holding-body")
    expect(places.filter(has_text="Availability unknown")).to_contain_text("Ask before you go: 0191 277 4100")
    expect(places.filter(has_text="Available to borrow")).not_to_contain_text("Ask before you go")


def test_an_institution_with_its_week(visit: Visit, picture: Callable[..., None]) -> None:
    page = visit("/institutions/central")
    expect(page.get_by_role("heading", level=1)).to_have_text("Central Library")
    expect(page.locator(".title-block")).to_contain_text("Open until 19:00")
    rows = [" ".join(row.split()) for row in page.locator("tbody tr").all_text_contents()]
    assert rows == [
        "Monday 23 Nov 09:00–19:00",
        "Tuesday 24 Nov · today 09:00–19:00",
        "Wednesday 25 Nov 09:00–19:00",
        "Thursday 26 Nov 09:00–19:00",
        "Friday 27 Nov 09:00–12:00 Staff training",
        "Saturday 28 Nov 09:00–17:00",
        "Sunday 29 Nov Closed",
    ]
    for text in (
        "24 Dec 2026 – 28 Dec 2026: Closed · Christmas",
        "Reading room",
        "Tue–Fri 10:00–16:00",
        "0191 277 4100",
    ):
        expect(page.locator("main")).to_contain_text(text)
    expect(page.get_by_role("link", name="Byker Library")).to_be_visible()
    expect(page.locator('a[href="mailto:ask@library.example"]')).to_be_visible()
    expect(page.locator(".map-canvas .pin")).to_have_count(1)
    picture(page, "institution")
    page.get_by_role("link", name="What this institution has").click()
    assert page.locator(".hit").count() > 0
    expect(page.locator(".chips")).to_contain_text("Central Library")


def test_unknown_hours_and_round_the_clock(visit: Visit) -> None:
    page = visit("/institutions/archives")
    expect(page.locator(".title-block")).to_contain_text("Opening hours unknown")
    expect(page.locator("main")).to_contain_text("Ask before you go")
    page = visit("/institutions/hostile")
    expect(page.locator(".title-block")).to_contain_text("Open day and night")
    assert "Open 24 hours" in page.locator("tbody tr").first.text_content()  # type: ignore[operator]


def test_list_of_institutions(visit: Visit, picture: Callable[..., None]) -> None:
    page = visit("/institutions")
    assert page.locator(".place-card").count() == 5
    expect(page.locator(".map-canvas .pin")).to_have_count(5)
    picture(page, "institutions")
    page.get_by_label("Kind of institution").select_option("museum")
    page.get_by_role("button", name="Search").click()
    assert [" ".join(h.split()) for h in page.locator(".place-card h2").all_text_contents()] == ["Laing Gallery"]
    page.get_by_label("Name or town").fill("nowhere")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="No institution matches")).to_be_visible()


def test_pages_that_are_not_there(visit: Visit, picture: Callable[..., None]) -> None:
    page = visit("/works/nothing-like-it", expect=404)
    expect(page.get_by_role("heading", level=1)).to_have_text("This page does not exist")
    expect(page.locator("main")).to_contain_text("no such work")
    picture(page, "not-found")
    page = visit("/institutions/nobody", expect=404)
    expect(page.locator("main")).to_contain_text("no such institution")
    page = visit("/no/such/page?lang=zh", expect=404)
    expect(page.get_by_role("heading", level=1)).to_have_text("此页不存在")
    page.get_by_role("link", name="新检索").click()
    assert page.url.endswith("/?lang=zh")
