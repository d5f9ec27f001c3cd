"""What workers know of image hosts, and a request's counters by host; imports `models`, `dialect`.

`permits` is what workers tell and get; `request_hosts` are the counters, `host_views` what is
shown. The rules are the domain's.
"""

from app.db.hosts.permits import Ask, Exchanged, exchange, forget

__all__ = ["Ask", "Exchanged", "exchange", "forget"]
