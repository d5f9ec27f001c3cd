"""Pages of file shares: which addresses are some, and where their files are."""

import tomllib
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import HttpStatusError, NotAnImage
from app.outbound.share_links import LINKS_FILE, is_share_host, share_link, share_service

DRIVE_ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz012345"
DRIVE = f"https://drive.google.com/uc?export=download&id={DRIVE_ID}"
WITH_KEY = f"https://drive.google.com/uc?resourcekey=0-aB_c&export=download&id={DRIVE_ID}"
DROPBOX = "https://www.dropbox.com"
SHAREPOINT = "https://shop-my.sharepoint.com/:i:/g/personal/ann_shop_example/EaBc_d-1"


@pytest.mark.parametrize(
    ("page", "service", "download"),
    [
        (f"https://drive.google.com/file/d/{DRIVE_ID}/view?usp=sharing", "Google Drive", DRIVE),
        (f"https://drive.google.com/file/d/{DRIVE_ID}/view", "Google Drive", DRIVE),
        (f"https://drive.google.com/file/d/{DRIVE_ID}", "Google Drive", DRIVE),
        (f"HTTPS://Drive.Google.com/file/d/{DRIVE_ID}/edit#x", "Google Drive", DRIVE),
        (f"https://drive.google.com/file/u/1/d/{DRIVE_ID}/preview", "Google Drive", DRIVE),
        (f"https://drive.google.com/a/shop.example/file/d/{DRIVE_ID}/view", "Google Drive", DRIVE),
        (
            f"https://drive.google.com/file/d/{DRIVE_ID}/view?usp=sharing&resourcekey=0-aB_c",
            "Google Drive",
            WITH_KEY,
        ),
        (f"https://drive.google.com/open?id={DRIVE_ID}", "Google Drive", DRIVE),
        (f"https://drive.google.com/open?usp=drive_fs&id={DRIVE_ID}", "Google Drive", DRIVE),
        (f"https://drive.google.com/u/0/open?id={DRIVE_ID}", "Google Drive", DRIVE),
        (f"https://drive.google.com/uc?id={DRIVE_ID}", "Google Drive", DRIVE),
        (f"https://drive.google.com/uc?export=view&id={DRIVE_ID}", "Google Drive", DRIVE),
        (f"https://drive.google.com/uc?id={DRIVE_ID}&resourcekey=0-aB_c", "Google Drive", WITH_KEY),
        (
            f"https://docs.google.com/uc?id={DRIVE_ID}",
            "Google Drive",
            DRIVE.replace("drive.", "docs."),
        ),
        (f"{DROPBOX}/s/a1b2c3/mug.jpg?dl=0", "Dropbox", f"{DROPBOX}/s/a1b2c3/mug.jpg?dl=1"),
        (f"{DROPBOX}/s/a1b2c3/my%20mug.jpg", "Dropbox", f"{DROPBOX}/s/a1b2c3/my%20mug.jpg?dl=1"),
        (
            f"{DROPBOX}/scl/fi/a1b2c3/mug.jpg?rlkey=k3y&st=x&dl=0",
            "Dropbox",
            f"{DROPBOX}/scl/fi/a1b2c3/mug.jpg?rlkey=k3y&st=x&dl=1",
        ),
        (
            "https://dropbox.com/scl/fi/a/m.jpg?rlkey=k",
            "Dropbox",
            "https://dropbox.com/scl/fi/a/m.jpg?rlkey=k&dl=1",
        ),
        (
            "https://1drv.ms/i/s!AbC-d_E?e=x1",
            "OneDrive",
            "https://1drv.ms/i/s!AbC-d_E?e=x1&download=1",
        ),
        (
            "https://1drv.ms/i/c/12ab/IQxyz?e=x1",
            "OneDrive",
            "https://1drv.ms/i/c/12ab/IQxyz?e=x1&download=1",
        ),
        (
            "https://onedrive.live.com/redir?resid=12AB!34&authkey=!AbC&ithint=photo",
            "OneDrive",
            "https://onedrive.live.com/download?resid=12AB!34&authkey=!AbC&ithint=photo",
        ),
        (
            "https://onedrive.live.com/embed?cid=12AB&resid=12AB%2134&authkey=AbC",
            "OneDrive",
            "https://onedrive.live.com/download?cid=12AB&resid=12AB%2134&authkey=AbC",
        ),
        (
            "https://onedrive.live.com/?authkey=%21AbC&cid=12AB&id=12AB%2134&parId=root&o=OneUp",
            "OneDrive",
            "https://onedrive.live.com/download?authkey=%21AbC&cid=12AB&resid=12AB%2134",
        ),
        (f"{SHAREPOINT}?e=x1", "SharePoint", f"{SHAREPOINT}?e=x1&download=1"),
        (SHAREPOINT, "SharePoint", f"{SHAREPOINT}?download=1"),
        (
            "https://shop.sharepoint.com/:i:/s/Team/EaBc?csf=1&web=1&e=x1",
            "SharePoint",
            "https://shop.sharepoint.com/:i:/s/Team/EaBc?csf=1&web=1&e=x1&download=1",
        ),
        (
            "https://github.com/shop/pictures/blob/main/a/my%20mug.jpg",
            "GitHub",
            "https://github.com/shop/pictures/raw/main/a/my%20mug.jpg",
        ),
        (
            "https://github.com/shop/pictures/blob/feature/x/mug.jpg?plain=1",
            "GitHub",
            "https://github.com/shop/pictures/raw/feature/x/mug.jpg",
        ),
        (
            "http://drive.google.com:8123/open?id=1AbCdEfGhIj",
            "Google Drive",
            "http://drive.google.com:8123/uc?export=download&id=1AbCdEfGhIj",
        ),
    ],
)
def test_a_page_has_its_file_at_another_address_of_the_same_host(
    page: str, service: str, download: str
) -> None:
    link = share_link(page)
    assert link is not None
    assert (link.service, link.download_url) == (service, download)
    assert share_service(page) == service


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no address",
        "https://shop.example/a.jpg",
        f"https://evil.example/file/d/{DRIVE_ID}/view",
        f"https://drive.google.com.evil.example/file/d/{DRIVE_ID}/view",
        f"https://evil.example/?https://drive.google.com/file/d/{DRIVE_ID}/view",
        "https://evilsharepoint.com/:i:/s/Team/EaBc",
        f"https://drive.google.com/drive/folders/{DRIVE_ID}",
        "https://drive.google.com/file/d/",
        "https://drive.google.com/open",
        "https://drive.google.com/open?id=",
        "https://drive.google.com/open?id={id}",
        DRIVE,
        f"https://lh3.googleusercontent.com/d/{DRIVE_ID}",
        f"{DROPBOX}/s/a1b2c3/mug.jpg?dl=1",
        f"{DROPBOX}/s/a1b2c3/mug.jpg?raw=1",
        f"{DROPBOX}/scl/fo/a1b2c3/xyz?rlkey=k&dl=0",
        f"{DROPBOX}/home",
        "https://dl.dropboxusercontent.com/s/a1b2c3/mug.jpg",
        "https://1drv.ms/f/s!AbC",
        "https://onedrive.live.com/download?resid=12AB!34",
        "https://onedrive.live.com/about",
        f"{SHAREPOINT}?download=1",
        "https://shop.sharepoint.com/:f:/s/Team/EaBc",
        "https://shop.sharepoint.com/sites/Team/mug.jpg",
        "https://github.com/shop/pictures",
        "https://github.com/shop/pictures/tree/main/a",
        "https://github.com/shop/pictures/blob/main/a.jpg?raw=true",
        "https://github.com/shop/pictures/raw/main/a.jpg",
        "https://raw.githubusercontent.com/shop/pictures/main/a.jpg",
    ],
)
def test_files_themselves_folders_and_other_hosts_are_no_pages(url: str) -> None:
    assert share_link(url) is None


def test_the_address_of_a_file_is_itself_no_page() -> None:
    link = share_link(f"https://drive.google.com/file/d/{DRIVE_ID}/view")
    assert link is not None
    assert share_link(link.download_url) is None


@given(
    st.sampled_from(["drive.google.com", "1drv.ms", "a.sharepoint.com", "github.com"]), st.text()
)
def test_no_address_breaks_the_reader_or_leads_to_another_host(host: str, rest: str) -> None:
    link = share_link(f"https://{host}/{rest}")
    assert link is None or link.download_url.startswith(f"https://{host}/")


def test_hosts_of_shares_are_known_without_looking_at_the_path() -> None:
    assert is_share_host("drive.google.com")
    assert is_share_host("shop-my.sharepoint.com")
    assert not is_share_host("sharepoint.com")
    assert not is_share_host("cdn.example")


@pytest.mark.parametrize("content_type", ["text/html", "Text/HTML", "application/xhtml+xml"])
def test_a_page_all_the_same_is_said_to_be_no_share_with_everyone(content_type: str) -> None:
    link = share_link(f"https://drive.google.com/open?id={DRIVE_ID}")
    assert link is not None
    with pytest.raises(NotAnImage, match=r"not shared with everyone.*Anyone with the link"):
        link.refuse_page(200, content_type)
    with pytest.raises(HttpStatusError, match="not shared with everyone") as refusal:
        link.refuse_page(403, "text/plain")
    assert refusal.value.http_status == 403
    link.refuse_page(200, "image/jpeg")
    link.refuse_page(404, content_type)


def test_every_page_of_the_data_file_says_how_its_file_is_opened() -> None:
    for page in tomllib.loads(LINKS_FILE.read_text(encoding="utf-8"))["page"]:
        assert page["share"].endswith(".")
        assert page["path"].startswith(("/", "(?:/"))


def test_an_endless_path_is_judged_in_no_time() -> None:
    started = perf_counter()
    for host in ("drive.google.com", "1drv.ms", "a.sharepoint.com", "github.com"):
        share_link(f"https://{host}/{'a/file/d/' * 900}?{'id=' * 900}")
    assert perf_counter() - started < 0.5
