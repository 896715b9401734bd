"""
How a request to an S3-compatible store is signed: AWS Signature Version 4, for one request without a query.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

_ALGORITHM = "AWS4-HMAC-SHA256"


def signed_headers(
    method: str,
    authority: str,
    path: str,
    headers: Mapping[str, str],
    *,
    body: bytes = b"",
    key_id: str,
    secret: str,
    region: str,
    at: datetime,
) -> dict[str, str]:
    """
    Return `headers` with the signature.

    `authority` is what the header `Host` will say, `path` as it goes over the wire, percent-encoded once.
    """
    moment = at.strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    sent = {**headers, "x-amz-content-sha256": digest, "x-amz-date": moment}
    # 1. The request in its one form.
    named = {name.lower(): " ".join(value.split()) for name, value in {**sent, "host": authority}.items()}
    names = ";".join(sorted(named))
    lines = [method, path, "", *(f"{name}:{named[name]}" for name in sorted(named)), "", names, digest]
    # 2. What is signed of it, for this day, region and service alone.
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    text = "\n".join([_ALGORITHM, moment, scope, hashlib.sha256("\n".join(lines).encode()).hexdigest()])
    # 3. The key of that scope, and the signature by it.
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    credential = f"{_ALGORITHM} Credential={key_id}/{scope},SignedHeaders={names},Signature={signature}"
    return {**sent, "Authorization": credential}
