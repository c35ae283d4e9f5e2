"""What configuration says of a key: variables by their names, hosts as exact origins or one label. Nothing is parsed twice."""

import os
import re
from collections.abc import Mapping

from linter.systems.http import Origin
from linter.systems.live import Binding, Unverified
from linter.systems.secret import BadSecret, Secret

_LABEL = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_ORIGIN = re.compile(r"https://(?P<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::(?P<port>[1-9][0-9]{0,4}))?")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+/?|/")


def secret_of(binding: Binding, variable: str, environment: Mapping[str, str] = os.environ) -> Secret:
    """The credential in the variable that a setting names.

    Raises:
        Unverified: no variable is named, it is not set, or holds no credential.
    """
    name = binding.settings.get(variable)
    if not name:
        raise Unverified(f"systems.{binding.system} names no {variable}: the variable that holds its credential")
    given = environment.get(name)
    if given is None:
        raise Unverified(f"the variable {name} is not set: it must hold the credential of {binding.system}")
    try:
        return Secret(given)
    except BadSecret as problem:
        raise Unverified(f"the variable {name} {problem}") from None


def label(binding: Binding, key: str) -> str:
    """One label of a host's name, such as a subdomain.

    Raises:
        Unverified: it is not said, or is more than one label.
    """
    given = binding.settings.get(key)
    if not isinstance(given, str) or not given:
        raise Unverified(f"systems.{binding.system} names no {key}")
    if not _LABEL.fullmatch(given):
        raise Unverified(
            f"systems.{binding.system}.{key} is not one label of a host's name, such as acme: nothing was asked"
        )
    return given


def https_origin(binding: Binding, key: str) -> Origin:
    """An exact origin, https://HOST or https://HOST:PORT.

    Raises:
        Unverified: it is not said, or is none.
    """
    given = binding.settings.get(key)
    if not isinstance(given, str) or not given:
        raise Unverified(f"systems.{binding.system} names no {key}, such as https://gitlab.example.com")
    found = _ORIGIN.fullmatch(given)
    if found is None or int(found["port"] or 443) > 65535:
        raise Unverified(
            f"systems.{binding.system}.{key} is not an exact origin, https://HOST or https://HOST:PORT: nothing was asked"
        )
    return Origin(found["host"], int(found["port"] or 443))


def path(binding: Binding, key: str, default: str) -> str:
    """A path on that origin.

    Raises:
        Unverified: it is none.
    """
    given = binding.settings.get(key, default)
    if not isinstance(given, str) or not _PATH.fullmatch(given) or "/../" in f"{given}/" or "/./" in f"{given}/":
        raise Unverified(f"systems.{binding.system}.{key} is not a plain path, such as {default}: nothing was asked")
    return given
