"""The answers that the documentation shows: one small shop, the same through every route."""

from typing import Any

BASE = "http://127.0.0.1:8000"
REQUEST_ID = "01937f3a-9c1e-7c55-8a4e-3f1d2b6c7a90"
DELIVERY_ID = "01937f3b-1d20-7e01-9b52-64c0a1f8e2d7"
ABOUT = f"{BASE}/requests/{REQUEST_ID}"

LINKS = {
    "status": f"{BASE}/status/{REQUEST_ID}",
    "output_csv": f"{BASE}/download-output-csv/{REQUEST_ID}",
    "images": f"{ABOUT}/images",
    "hosts": f"{ABOUT}/hosts",
    "report_csv": f"{ABOUT}/report.csv",
    "events": f"{ABOUT}/events",
    "webhook_deliveries": f"{ABOUT}/webhook-deliveries",
}
DETECTED = {
    "platform": None,
    "delimiter": ",",
    "encoding": "utf-8",
    "sheet": None,
    "header_row": 1,
    "columns": {
        "serial_number": "S. No.",
        "product_name": "Product Name",
        "images": ["Input Image Urls"],
    },
    "because": ["S. No.", "Product Name", "Input Image Urls"],
}
OPTIONS = {
    "mode": "compress",
    "quality": 50,
    "format": "jpeg",
    "scale": 1.0,
    "max_width": None,
    "max_height": None,
    "max_bytes": None,
    "keep_originals": False,
    "output": "append",
    "fresh": False,
}
FOUND: dict[str, Any] = {
    "products": 2,
    "images": 3,
    "places": 3,
    "duplicates": 0,
    "hosts": 1,
    "top_hosts": [{"host": "shop.example", "places": 3}],
    "bad_rows": 0,
    "warnings": [],
    "detected": DETECTED,
}

ACCEPTED: dict[str, Any] = {
    "request_id": REQUEST_ID,
    "status": "pending",
    "message": "2 products with 3 images accepted.",
    **FOUND,
    "links": LINKS,
}
PREVIEW: dict[str, Any] = {
    "dry_run": True,
    "filename": "products.csv",
    "message": "2 products with 3 images can be processed.",
    **FOUND,
    "options": OPTIONS,
}
STATE: dict[str, Any] = {
    "request_id": REQUEST_ID,
    "status": "completed",
    "reason": None,
    "filename": "products.csv",
    "created_at": "2026-11-20T09:30:00.000Z",
    "updated_at": "2026-11-20T09:30:02.410Z",
    "finished_at": "2026-11-20T09:30:02.410Z",
    "products": 2,
    "places": 3,
    "images": {
        "total": 3,
        "completed": 2,
        "failed": 1,
        "pending": 0,
        "cancelled": 0,
        "kept": 0,
        "reused": 0,
    },
    "progress_percent": 100.0,
    "images_per_second": None,
    "eta_seconds": None,
    "hosts": [],
    "bytes": {"input": 420000, "output": 147000, "saved_percent": 65.0},
    "errors": {"http_status": 1},
    "warnings": [],
    "options": OPTIONS,
    "detected": DETECTED,
    "webhook": {"url": "https://shop.example/hooks/images"},
    "links": LINKS,
}
REOPENED: dict[str, Any] = STATE | {
    "status": "processing",
    "finished_at": None,
    "images": STATE["images"] | {"failed": 0, "pending": 1},
    "progress_percent": 66.7,
    "errors": {},
}
CANCELLED: dict[str, Any] = STATE | {
    "status": "cancelled",
    "images": STATE["images"] | {"failed": 0, "cancelled": 1},
    "progress_percent": 66.7,
    "errors": {},
}
IMAGE: dict[str, Any] = {
    "row": 2,
    "position": 1,
    "product": {"serial_number": "1", "name": "Blue Shirt"},
    "input_url": "https://shop.example/img/blue-shirt.jpg",
    "output_url": f"{BASE}/images/{REQUEST_ID}/2-1-blue-shirt.jpg",
    "status": "completed",
    "kept": False,
    "reused": False,
    "error": None,
    "input_bytes": 210000,
    "output_bytes": 73500,
    "width": 1200,
    "height": 860,
    "format": "jpeg",
    "source_width": 1200,
    "source_height": 860,
    "source_format": "jpeg",
    "notes": None,
    "attempts": 1,
    "duration_ms": 184,
}
HOSTS: list[dict[str, Any]] = [
    {
        "host": "cdn.example",
        "images": {"total": 642, "completed": 412, "failed": 0, "pending": 230},
        "state": "slowed",
        "requests_per_second": 20.0,
        "retry_at": None,
        "last_error": "The host answered 429: too many requests.",
        "bytes": {"input": 86520000, "output": 30282000},
    },
    {
        "host": "shop.example:8080",
        "images": {"total": 3, "completed": 2, "failed": 1, "pending": 0},
        "state": "ok",
        "requests_per_second": None,
        "retry_at": None,
        "last_error": None,
        "bytes": {"input": 420000, "output": 147000},
    },
]
DELIVERY: dict[str, Any] = {
    "id": DELIVERY_ID,
    "webhook_id": f"msg_{DELIVERY_ID.replace('-', '')}",
    "event": "request.completed",
    "url": "https://shop.example/hooks/images",
    "status": "delivered",
    "created_at": "2026-11-20T09:30:02.410Z",
    "next_attempt_at": None,
    "delivered_at": "2026-11-20T09:30:02.530Z",
    "attempts": [
        {
            "attempt": 1,
            "attempted_at": "2026-11-20T09:30:02.450Z",
            "status_code": 204,
            "error": None,
            "duration_ms": 80,
        }
    ],
}

EVENTS = (
    'event: progress\ndata: {"request_id": "' + REQUEST_ID + '", "status": "processing"}\n'
    "id: 5f0c\n\n"
    'event: done\ndata: {"request_id": "' + REQUEST_ID + '", "status": "completed"}\nid: 81b2\n\n'
)
METRICS = (
    "# TYPE http_requests_total counter\n"
    'http_requests_total{method="POST",route="/upload",status="202"} 3.0\n'
)
