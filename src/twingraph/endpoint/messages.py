"""A request on its way to a worker and its response on the way back, as bytes.

A line of JSON, then the body as it is. Both are data: nothing of them is run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

PAGE: Final = b"P"
"""The kind of a question to a worker that is a request."""


def pack(head: Mapping[str, Any], body: bytes) -> bytes:
    """Return a head and a body as one message.

    >>> unpack(pack({"status": 200}, b"a\\nb"))
    ({'status': 200}, b'a\\nb')
    """
    return b"%b\n%b" % (json.dumps(head, separators=(",", ":")).encode(), body)


def unpack(message: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the head and the body of a message."""
    head, _, body = message.partition(b"\n")
    head_fields: dict[str, Any] = json.loads(head)
    return head_fields, body
