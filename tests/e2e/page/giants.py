"""A request with very many images, written by SQL: no upload would be as fast."""

import io
from datetime import timedelta

from sqlalchemy import text
from uuid_utils import uuid7

from app.adapters import Adapters, now
from app.catalog.reader import detect
from app.db import requests
from app.domain.options import ProcessingOptions
from tests.factories import make_csv

IMAGES = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :images)
INSERT INTO images (request_id, seq, source_url, host, row, position, status,
    not_before, storage_key, format, width, height, kept, input_bytes, output_bytes, attempts,
    fence, duration_ms, error_code, error_message)
SELECT :id, n, 'https://pics.example/' || n || '.jpg', 'pics.example:443', n + 1, 1,
    CASE WHEN n <= :completed THEN 'completed' WHEN n <= :ended THEN 'failed' ELSE :rest END,
    :now, CASE WHEN n <= :completed OR (n > :ended AND :rest = 'completed')
        THEN :id_text || '/' || n || '-1-mug.jpg' END,
    'jpeg', 1200, 900, false, 210000, 73500, 1, 1, 180,
    CASE WHEN n > :completed AND n <= :ended THEN 'http_status' END,
    CASE WHEN n > :completed AND n <= :ended THEN 'The image''s host answered 404.' END
FROM numbers
"""
PRODUCTS = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :images)
INSERT INTO products (request_id, row, serial_number, name, first_place)
SELECT :id, n + 1, CAST(n AS TEXT), 'Mug ' || n, n FROM numbers
"""
HOSTS = """
INSERT INTO request_hosts (request_id, host, images_total, images_completed, images_failed,
    input_bytes, output_bytes)
VALUES (:id, 'pics.example:443', :images, :completed, :ended - :completed, 210000 * :completed,
    73500 * :completed)
"""


def add_giant(
    adapters: Adapters, *, images: int, completed: int, failed: int, status: str, rest: str
) -> str:
    """Write a request whose first images are completed, the next ones failed and all others `rest`.

    Nobody works on it: its images were tried once and wait for the day after tomorrow.
    """
    request_id = str(uuid7())
    moment = now()
    detected = detect(io.BytesIO(make_csv(rows=1)))
    sqlite = adapters.database.is_sqlite
    values = {
        "id": request_id.replace("-", "") if sqlite else request_id,
        "id_text": request_id,
        "images": images,
        "completed": completed,
        "ended": completed + failed,
        "rest": rest,
        "now": moment + timedelta(days=2),
    }
    with adapters.database.transaction() as connection:
        requests.add(
            connection,
            {
                "id": request_id,
                "owner": "",
                "status": status,
                "filename": "giant.csv",
                "options": ProcessingOptions().model_dump(mode="json"),
                "detected": detected.to_json() | {"public": detected.public()},
                "warnings": [],
                "created_at": moment,
                "updated_at": moment,
                "ingested_at": moment,
                "finished_at": None if status == "processing" else moment,
                "products": images,
                "places": images,
                "images_total": images,
                "images_completed": completed,
                "images_failed": failed,
                "input_bytes": 210_000 * completed,
                "output_bytes": 73_500 * completed,
            },
        )
        for statement in (IMAGES, PRODUCTS, HOSTS):
            connection.execute(text(statement), values)
    return request_id
