"""What the code of each revision says to the database, as plain SQL.

A new revision leaves these as they are: they stand for containers that go on while it is applied,
and import nothing of ours, so that no change to our tables changes them. With a new revision, what
its code says goes in here, too.
"""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

MOMENT = "2026-11-20 10:00:00.000000"

_ACCEPT = (
    """INSERT INTO requests (id, owner, status, filename, options, detected, warnings, webhook_url,
        created_at, updated_at, products, places, images_total)
        VALUES (:id, 'shop', 'pending', 'a.csv', '{"quality": 50}', '{}', '[]', 'http://x.example',
        :now, :now, 1, 2, 2)""",
    """INSERT INTO idempotency_keys (owner, key, fingerprint, request_id, answer, created_at)
        VALUES ('shop', :key, 'f', :id, '{}', :now)""",
)
_INGEST = (
    """UPDATE requests SET status = 'processing', ingest_fence = ingest_fence + 1,
        ingest_leased_until = :now WHERE id = :id AND ingested_at IS NULL""",
    """INSERT INTO products (request_id, row, first_place, name, serial_number)
        VALUES (:id, 2, 1, 'Mug', '1')""",
    """INSERT INTO images (request_id, seq, source_url, host, row, position, status, not_before)
        VALUES (:id, 1, 'http://x.example/1', 'x.example', 2, 1, 'pending', :now),
        (:id, 2, 'http://x.example/2', 'x.example', 2, 2, 'pending', :now)""",
    """INSERT INTO product_images (request_id, row, position, url_digest)
        VALUES (:id, 2, 3, :digest)""",
    """UPDATE requests SET ingested_at = :now, ingested_row = 2, ingested_places = 2,
        ingested_images = 2 WHERE id = :id""",
)
_WORK = (
    """UPDATE images SET status = 'processing', fence = fence + 1, attempts = attempts + 1,
        leased_until = :now WHERE request_id = :id AND status = 'pending'""",
    """UPDATE images SET status = 'completed', leased_until = NULL, storage_key = 'k', kept = :no,
        format = 'jpeg', width = 4, height = 3, input_bytes = 10, output_bytes = 5, duration_ms = 7,
        finished_at = :now WHERE request_id = :id AND seq = 1 AND fence = 1""",
    """UPDATE images SET status = 'failed', leased_until = NULL, error_code = 'http_status',
        error_message = 'No.', http_status = 404, finished_at = :now
        WHERE request_id = :id AND seq = 2 AND fence = 1""",
    """INSERT INTO request_errors (request_id, code, images) VALUES (:id, 'http_status', 1)""",
    """UPDATE requests SET images_completed = images_completed + 1,
        images_failed = images_failed + 1, input_bytes = input_bytes + 10,
        output_bytes = output_bytes + 5, updated_at = :now WHERE id = :id""",
    """UPDATE requests SET status = 'completed', finished_at = :now
        WHERE id = :id AND status = 'processing'
        AND images_completed + images_failed = images_total""",
)
_DELIVER = (
    """INSERT INTO webhook_deliveries (id, request_id, owner, host, event, run, url, body, status,
        created_at, next_attempt_at) VALUES (:id, :id, 'shop', 'x.example', 'request.completed', 1,
        'http://x.example', '{}', 'pending', :now, :now)""",
    """UPDATE webhook_deliveries SET attempts = attempts + 1, fence = fence + 1, leased_until = :now
        WHERE id = :id AND status = 'pending'""",
    """INSERT INTO webhook_attempts (delivery_id, attempt, attempted_at, status_code, duration_ms)
        VALUES (:id, 1, :now, 204, 12)""",
    """UPDATE webhook_deliveries SET status = 'delivered', delivered_at = :now WHERE id = :id""",
    """INSERT INTO silent_receivers (owner, host, silences, noted_at, paused_until)
        VALUES (:key, 'x.example', 1, :now, :now)""",
)
_KEYS = (
    """INSERT INTO api_keys (digest, session_digest, name, created_at)
        VALUES (:key, :key, :key, :now)""",
    """UPDATE api_keys SET revoked_at = :now WHERE name = :key AND revoked_at IS NULL""",
)
_REUSE = (
    """UPDATE requests SET picture_digest = 'p', images_reused = images_reused + 1
        WHERE id = :id""",
    """UPDATE images SET etag = 'e', last_modified = 'm', final_url = 'u', reuse_key = 'r',
        reused_from = :id WHERE request_id = :id AND seq = 1""",
)
# How far the first claims have come; who this database is, and when nobody watched.
_UPKEEP = (
    "UPDATE requests SET claimed_to = 2 WHERE id = :id AND claimed_to < 2",
    """INSERT INTO installation (number, id, created_at, seen_at) VALUES (1, :id, :now, :now)
        ON CONFLICT (number) DO UPDATE SET seen_at = excluded.seen_at""",
    """INSERT INTO unwatched (began_at, ended_at) VALUES (:now, :now)
        ON CONFLICT (began_at) DO UPDATE SET ended_at = excluded.ended_at""",
)
_HOSTS = (
    """INSERT INTO hosts (host, control, updated_at) VALUES (:key, '{}', :now)
        ON CONFLICT (host) DO NOTHING""",
    """UPDATE hosts SET state = 'paused', requests_per_second = 2.5, retry_at = :now,
        last_error = 'No.', control = '{}', updated_at = :now WHERE host = :key""",
    """INSERT INTO request_hosts (request_id, host, images_total) VALUES (:id, 'x.example', 2)
        ON CONFLICT (request_id, host)
        DO UPDATE SET images_total = request_hosts.images_total + excluded.images_total""",
    """UPDATE request_hosts SET images_completed = images_completed + 1,
        images_failed = images_failed + 1, input_bytes = input_bytes + 10,
        output_bytes = output_bytes + 5, give_up = 'host_unreachable', give_up_message = 'No.'
        WHERE request_id = :id AND host = 'x.example'""",
    """UPDATE requests SET held_until = :now, speed_at = :now, speed_images = 2,
        images_per_second = 1.5 WHERE id = :id""",
)
_FILES = (
    """UPDATE images SET source_format = 'png', source_width = 8, source_height = 6
        WHERE request_id = :id AND seq = 1 AND status = 'completed'""",
    """INSERT INTO image_files (request_id, seq, role, key, bytes, width, height, format)
        VALUES (:id, 1, 'original', 'originals/k', 10, 8, 6, 'png')""",
)
# Browsers that sign in on the page, and out.
_SIGN_IN = ("INSERT INTO page_sessions (digest, owner, expires_at) VALUES (:key, 'shop', :now)",)
_SIGN_OUT = ("DELETE FROM page_sessions WHERE digest = :key",)
_REMOVE = (
    "UPDATE requests SET deleted_at = :now WHERE id = :id",
    "DELETE FROM image_files WHERE request_id = :id",
    "DELETE FROM images WHERE request_id = :id",
    "DELETE FROM product_images WHERE request_id = :id",
    "DELETE FROM products WHERE request_id = :id",
    "DELETE FROM requests WHERE id = :id",
)


@dataclass(frozen=True)
class Code:
    """One revision's code: a request's life from the upload to the webhook, and its end."""

    life: tuple[str, ...]
    removal: tuple[str, ...]


_R001 = (*_ACCEPT, *_INGEST, *_WORK, *_DELIVER, *_KEYS, *_REUSE, *_UPKEEP, *_HOSTS, *_FILES)
CODE = {
    "r001": Code(_R001, _REMOVE),
    "r002": Code((*_R001, *_SIGN_IN), (*_REMOVE, *_SIGN_OUT)),
}


def run(connection: Connection, statements: tuple[str, ...], request_id: str) -> None:
    """Say all of it about one request; each statement has to do something."""
    values: dict[str, Any] = {
        # Without dashes SQLite's column has it, and Postgres reads it, too.
        "id": request_id.replace("-", ""),
        "now": MOMENT,
        "key": f"key-{request_id}",
        "digest": b"1" * 16,
        "no": False,
    }
    for statement in statements:
        named = {name: values[name] for name in re.findall(r":(\w+)", statement)}
        assert connection.execute(text(statement), named).rowcount > 0, statement
