"""S3 behind CloudFront: the flat layout, and a function that turns addresses into keys.

The files are uploaded as they are. Under ``_config/`` lie the function and the policy with the fields of every answer;
the distribution must besides answer what the bucket calls forbidden with 404.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from regpress.errors import BuildRefusedError
from regpress.hosts import cloudfront_function, ruled, serving
from regpress.hosts.base import SiteAddress
from regpress.hosts.ruled_host import RuledHost
from regpress.model.artifact import Artifact

_GUIDE: Final = """\
The function was run in Node over every request of the routing table and leads each to the object that the
emulation serves. Not proven against the service.

## Deploying

1. Upload: `aws s3 sync dist s3://BUCKET --delete --exclude '_config/*'` (with a base path, to
    `s3://BUCKET/my-registry`), and `--cache-control 'public, max-age=60'`.
2. Create a function from `_config/cloudfront-function.js`, runtime `cloudfront-js-2.0`, for viewer requests of
    the distribution, and publish it.
3. Create a policy: `aws cloudfront create-response-headers-policy --response-headers-policy-config
    file://dist/_config/response-headers-policy.json`, and attach it.
4. Allow GET, HEAD and OPTIONS. Use a cache policy without query strings: the function puts what counts into the
    key.
5. Grant the distribution `s3:ListBucket`, or map the error 403 to `/404.html` with status 404; map 404 to the
    same.

## Mind

- Not atomic: upload without `--delete` first, and delete after the time of the caches.
- The bucket reads `+` as a space; the function sends `%2B` instead.
- A page whose address has no slash at its end is redirected there without a look whether it exists.
"""


def _configuration(site: SiteAddress) -> Iterable[Artifact]:
    """Return the function and the policy.

    Raises:
        BuildRefusedError: the site has so many registries that the function becomes too large.
    """
    source = cloudfront_function.cloudfront_function(site)
    most = cloudfront_function.MOST_BYTES
    if len(source.encode()) > most:
        raise BuildRefusedError(
            f"{PROFILE.title}: the function has {len(source.encode()):,} bytes, and CloudFront takes {most:,}: "
            "publish fewer registries in one site"
        )
    yield serving.rules_file("cloudfront-function.js", source)
    yield serving.rules_file("response-headers-policy.json", json.dumps(_policy(), indent=2) + "\n")
    yield serving.problem_document()


def _policy() -> dict[str, object]:
    def items(values: str) -> dict[str, object]:
        listed = values.split(", ")
        return {"Quantity": len(listed), "Items": listed}

    return {
        "Name": "mcp-registry",
        "CorsConfig": {
            "AccessControlAllowOrigins": items("*"),
            "AccessControlAllowMethods": items(serving.CORS["access-control-allow-methods"]),
            "AccessControlAllowHeaders": items(serving.CORS["access-control-allow-headers"]),
            "AccessControlAllowCredentials": False,
            "OriginOverride": True,
        },
        "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": True}},
    }


PROFILE: Final = RuledHost(
    name="s3-cloudfront",
    title="S3 with CloudFront",
    guide=_GUIDE,
    configure=_configuration,
    manners=ruled.Manners(misses=404, problems=False, headers={"server": "AmazonS3"}),
)
