"""Files with several columns of images, from the upload to both outputs."""

import csv
import io
import json

import httpx
import pytest

from tests.factories import make_jpeg
from tests.integration.api.parts import accepted, ended, upload
from tests.parts.image_host import ImageHost

# Header, row (a number is a picture, 404 one that is not there), columns of images.
CASES = {
    "numbered": ("S. No.,Product Name,Image,Image 2,Image 3", "1,Mug,{1},{2},{3}", [2, 3, 4]),
    "photo and picture": (
        "S. No.,Product Name,Images,Photo,Picture 2",
        "1,Mug,{1},{2},{3}",
        [2, 3, 4],
    ),
    "main image": ("S. No.,Product Name,Main Image,Images", '1,Mug,{1},"{2},{3}"', [2, 3]),
    "google's lifestyle image": (
        "id\ttitle\tdescription\tlink\timage_link\tlifestyle_image_link\tprice\tavailability",
        "M1\tMug\tx\thttps://s.example/m\t{1}\t{2}\t9 USD\tin_stock",
        [4, 5],
    ),
    "shopify's metafield": (
        "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Image Src,Hover image (x)",
        "mug,Mug,v,Title,Default Title,1,{1},{2}",
        [6, 7],
    ),
    "a failed one": ("S. No.,Product Name,Image,Image 2,Image 3", "1,Mug,{1},{404},{3}", [2, 3, 4]),
}


@pytest.mark.parametrize("name", CASES)
def test_all_columns_of_images_are_read_and_given_back(
    client: httpx.Client, image_host: ImageHost, name: str
) -> None:
    header, row, indexes = CASES[name]
    urls = [image_host.add(f"{number}.jpg", make_jpeg(40, 30)) for number in range(4)]
    line = row.replace("{404}", f"{image_host.base_url}/missing.jpg")
    for number, url in enumerate(urls):
        line = line.replace(f"{{{number}}}", url)
    data = f"{header}\n{line}\n".encode()
    delimiter = "\t" if "\t" in header else ","
    names, cells = csv.reader(io.StringIO(data.decode()), delimiter=delimiter)
    expected = [url for index in indexes for url in cells[index].split(",")]

    checked = upload(client, data, dry_run="true").json()
    assert checked["detected"]["columns"]["images"] == [names[index] for index in indexes]
    assert (checked["places"], checked["warnings"]) == (len(expected), [])

    request_id = accepted(client, data)
    ended(client, request_id)
    images = client.get(f"/requests/{request_id}/images").json()["items"]
    assert [image["input_url"] for image in images] == expected
    assert [image["position"] for image in images] == list(range(1, len(expected) + 1))
    results = [image["output_url"] or "" for image in images]
    assert results.count("") == row.count("404")
    appended = client.get(f"/download-output-csv/{request_id}").text.lstrip("\ufeff")
    output = list(csv.reader(io.StringIO(appended), delimiter=delimiter))
    assert output == [[*names, "Output Image Urls"], [*cells, ",".join(results)]]

    request_id = accepted(client, data, output="replace", fresh="true")
    ended(client, request_id)
    images = client.get(f"/requests/{request_id}/images").json()["items"]
    for image in images:
        if image["output_url"]:
            line = line.replace(image["input_url"], image["output_url"])
    assert client.get(f"/download-output-csv/{request_id}").text == f"{header}\n{line}\n"


def test_the_columns_of_a_warning_are_accepted_as_they_are(
    client: httpx.Client, image_host: ImageHost
) -> None:
    urls = [image_host.add(f"{number}.jpg", make_jpeg(40, 30)) for number in range(2)]
    data = f"S. No.,Product Name,Images,Extra\n1,Mug,{','.join(urls)}\n".encode()
    checked = upload(client, data, dry_run="true").json()
    assert checked["places"] == 1
    (warning,) = checked["warnings"]
    columns = warning.partition("columns=")[2]
    assert json.loads(columns)["images"] == ["Images", "Extra"]
    request_id = accepted(client, data, columns=columns)
    assert ended(client, request_id)["status"] == "completed"
    images = client.get(f"/requests/{request_id}/images").json()["items"]
    assert [image["input_url"] for image in images] == urls
