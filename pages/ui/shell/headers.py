"""What every response of the server carries: no code but ours, no frame but ours, no guessing, no address passed on."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import streamlit

INDEX = Path(streamlit.__file__).parent / "static" / "index.html"


@cache
def headers() -> dict[str, str]:
    """What every response carries. Inline scripts: those of Streamlit's page, by their digest, and no other."""
    inline = re.findall(r"<script>(.*?)</script>", INDEX.read_text(), re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inline]
    policy = {
        "default-src": "'none'",
        # Streamlit loads the JavaScript of a component as a blob of its own
        "script-src": " ".join(["'self'", "blob:", *(f"'sha256-{one}'" for one in digests)]),
        "style-src": "'self' 'unsafe-inline'",  # Streamlit writes its style sheets from JavaScript
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' data: blob:",
        "media-src": "'self'",
        "worker-src": "'self' blob:",
        "frame-src": "'self'",
        "manifest-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "x-frame-options": "SAMEORIGIN",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
    }
