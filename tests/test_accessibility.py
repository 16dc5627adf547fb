"""axe-core finds nothing serious in any state of the page: empty, answered, refused, each area, dark, phone, zh, en."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rag import Assistant
from tests.browser import PHONE, WIDE, browser, expect, playwright, serving, visit

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install 'wenju[test]'")

__all__ = ["browser", "visit"]  # fixtures

pytestmark = [
    pytest.mark.browser,
    # Gradio's queue summarises its events in ways that pandas 3 deprecates.
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]


@pytest.fixture(scope="module")
def address(browser: playwright.Browser, seeds_assistant: Assistant) -> Iterator[str]:
    with serving(seeds_assistant, 19860) as url:
        yield url


def serious(page: playwright.Page) -> list[str]:
    """What axe calls serious or critical: rule, and where."""
    options = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
    found = axe.Axe().run(page, options=options).response["violations"]
    return [
        f"{violation['id']}: {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize(
    ("locale", "scheme", "viewport"),
    [("zh-CN", "light", WIDE), ("en-GB", "dark", PHONE)],
    ids=["zh, light, wide", "en, dark, phone"],
)
def test_no_state_of_the_page_has_a_serious_fault(
    address: str, visit, locale: str, scheme: str, viewport: dict[str, int]
) -> None:
    seen = visit(address, locale=locale, color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    page = seen.page
    faults = {"empty": serious(page)}
    answer = seen.ask("量子院位于哪里？")
    answer.locator('[data-rate="bad"]').click()
    expect(answer.locator(".wj-feedback")).to_be_visible()
    faults["answered"] = serious(page)
    seen.ask("红烧肉怎么做？")
    faults["refused"] = serious(page)
    answer.locator(".wj-chip").first.click()
    expect(page.locator(".wj-reader mark").first).to_be_visible()
    faults["reading"] = serious(page)
    page.keyboard.press("Escape")
    page.locator("#wj-history button").click()
    expect(page.locator(".wj-kept-list li")).to_have_count(1)
    faults["kept"] = serious(page)
    page.keyboard.press("Escape")
    for area, place in (("documents", "#wj-library"), ("models", "#wj-models"), ("evaluation", "#wj-evaluation")):
        page.locator(f'[role="tab"][data-tab-id="{area}"]').click()
        expect(page.locator(place)).to_be_visible()
        page.wait_for_timeout(200)
        faults[area] = serious(page)
    assert {state: found for state, found in faults.items() if found} == {}
    seen.assert_quiet()
