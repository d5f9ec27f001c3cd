"""The page where API keys are set, and who may use its forms."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.page.parts import csv_file, fill_shop, start, visit, wait_for_end
from tests.integration.api.parts import Service, running_service
from tests.parts.image_host import ImageHost

FORMS = ("/start", "/preview", "/preview/bad-rows.csv", "/sample", "/login", "/logout")
CSV = {"file": ("a.csv", b"S. No.,Product Name,Input Image Urls\n1,A,https://images.test/a.jpg\n")}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("guarded")
    with running_service(folder, api_keys="first-key-of-tests,second-key-of-tests") as running:
        yield running


def test_the_key_is_asked_for_once_and_opens_its_own_requests_only(
    browser: Browser, guarded: Service, shop: ImageHost
) -> None:
    with visit(browser, guarded.base_url) as first:
        page = first.page
        page.goto("/")
        page.fill("[name=key]", "wrong-key")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("not accepted")
        page.fill("[name=key]", "first-key-of-tests")
        page.keyboard.press("Enter")
        page.wait_for_selector("#upload")
        request_id = start(page, csv_file(fill_shop(shop, "signed", products=1), "mine.csv"))
        wait_for_end(page, "Done: all 2 images")
        # Live events, pictures and downloads carry the sign-in, too.
        with page.expect_download() as download:
            page.click("#download-output")
        assert download.value.failure() is None
        assert page.request.get(f"/r/{request_id}/original/2-1").ok
        cookie = page.context.cookies()[0]
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
        assert "first-key-of-tests" not in cookie["value"]

        with visit(browser, guarded.base_url) as second:
            second.page.goto(f"/r/{request_id}")
            second.page.fill("[name=key]", "second-key-of-tests")
            second.page.keyboard.press("Enter")
            expect(second.page.locator("h1")).to_have_text("There is nothing here")
            original = second.page.request.get(f"/r/{request_id}/original/2-1")
            assert original.status == 404
            second.page.goto("/")
            expect(second.page.locator("text=mine.csv")).to_have_count(0)
            assert second.complaints == []

        page.click("text=Sign out")
        page.goto(f"/r/{request_id}")
        expect(page.locator("[name=key]")).to_be_visible()
        assert first.complaints == []


def test_a_signed_in_page_sends_people_on_to_where_they_wanted(
    browser: Browser, guarded: Service
) -> None:
    with visit(browser, guarded.base_url) as one:
        one.page.goto("/?cursor=AAAA")
        assert one.page.locator("[name=goes_on]").input_value() == "/?cursor=AAAA"


@pytest.mark.parametrize("elsewhere", ["//evil.test", "/\\evil.test", "https://evil.test", "x"])
def test_nobody_is_sent_on_to_another_site(guarded: Service, elsewhere: str) -> None:
    answer = httpx.post(
        f"{guarded.base_url}/login",
        data={"key": "first-key-of-tests", "goes_on": elsewhere},
        headers={"Origin": guarded.base_url},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_forms_of_other_sites_change_nothing(
    service: Service, path: str, headers: dict[str, str]
) -> None:
    before = service.client.get("/requests").json()
    answer = service.client.post(path, headers=headers, files=CSV)
    assert answer.status_code == 403
    assert "nothing was changed" in answer.text
    assert service.client.get("/requests").json() == before


def test_the_sign_in_counts_for_calls_of_our_own_pages_only(guarded: Service) -> None:
    with httpx.Client(base_url=guarded.base_url) as client:
        own = {"Origin": guarded.base_url}
        client.post("/login", data={"key": "first-key-of-tests"}, headers=own)
        assert client.get("/requests").status_code == 200
        assert client.post("/upload", files=CSV).status_code == 401
        assert (
            client.post("/upload", files=CSV, headers={"Sec-Fetch-Site": "cross-site"}).status_code
            == 403
        )
        accepted = client.post("/upload", files=CSV, headers=own)
        assert accepted.status_code == 202
        client.cookies.set("page_session", "0" * 64)
        assert client.get("/requests").status_code == 401


def test_a_part_of_a_page_asks_for_the_whole_page_when_the_sign_in_has_ended(
    guarded: Service,
) -> None:
    answer = guarded.client.get("/r/none/live", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-refresh"]) == (401, "true")
