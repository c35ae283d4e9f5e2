"""Configuration parameters: what setting one takes (PostgreSQL manual, pg_settings, `context`; 13 to 18)."""

from collections.abc import Iterable, Mapping

from linter.systems.postgresql.snapshot import Parameter

_BY_ANYBODY = frozenset({"user", "backend"})
"""Contexts of parameters that every session sets, the second when it connects."""
_BY_NO_SESSION = frozenset({"internal", "postmaster", "sighup"})

HIDDEN = {
    "config_file": "postmaster",
    "data_directory": "postmaster",
    "dynamic_library_path": "superuser",
    "extension_control_path": "superuser",
    "extension_destdir": "superuser",
    "external_pid_file": "postmaster",
    "hba_file": "postmaster",
    "ident_file": "postmaster",
    "jit_provider": "postmaster",
    "krb_server_keyfile": "sighup",
    "log_directory": "sighup",
    "log_filename": "sighup",
    "oauth_validator_libraries": "sighup",
    "output_plugin_libraries": "superuser",
    "primary_conninfo": "sighup",
    "session_preload_libraries": "superuser",
    "shared_preload_libraries": "postmaster",
    "ssl_ciphers": "sighup",
    "ssl_dh_params_file": "sighup",
    "ssl_ecdh_curve": "sighup",
    "ssl_groups": "sighup",
    "ssl_max_protocol_version": "sighup",
    "ssl_min_protocol_version": "sighup",
    "ssl_passphrase_command": "sighup",
    "ssl_tls13_ciphers": "sighup",
    "stats_temp_directory": "sighup",
    "unix_socket_directories": "postmaster",
}
"""Those that pg_settings shows to members of pg_read_all_settings alone (measured, 13 to 18, Debian's), and their contexts.

A scan leaves them out, so that it says the same whoever the auditor is.
"""


def contexts(seen: Iterable[Parameter]) -> Mapping[str, str]:
    """Every parameter of a server, in lower case, and its context."""
    return {**HIDDEN, **{one.name.lower(): one.context for one in seen}}


def by_anybody(name: str, known: Mapping[str, str]) -> bool:
    """Whether every role may SET it. So it is with a name of two parts that no extension has defined: a custom option."""
    return known.get(name, "user" if "." in name else "") in _BY_ANYBODY


def by_no_session(name: str, known: Mapping[str, str]) -> bool:
    """Whether nobody can SET it, whatever is granted: it belongs to the server's configuration."""
    return known.get(name) in _BY_NO_SESSION
