"""What a reviewer signs: the digest of a manifest's permissions. It depends on the manifest's text alone."""

from linter.manifest.model import Manifest
from linter.permissions import digest


def digest_of(manifest: Manifest) -> str:
    """The digest of what the manifest agrees to."""
    return digest(
        manifest.agent,
        {
            name: [leaf for one in manifest.resources if name in one.environments for leaf in one.leaves]
            for name in manifest.environments
        },
        manifest.identities,
        manifest.expires,
    )
