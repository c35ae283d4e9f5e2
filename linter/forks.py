"""Whether this run belongs to a pull request from a fork: a stranger's manifest must not steer what a credential is used for."""

import json
import os
from collections.abc import Mapping
from typing import Any


def from_fork(environment: Mapping[str, str] = os.environ) -> bool:
    """By the facts that GitHub Actions and GitLab CI put into the environment. What cannot be read of an event counts as a fork."""
    source, project = (
        environment.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID"),
        environment.get("CI_MERGE_REQUEST_PROJECT_ID"),
    )
    if source is not None and source != project:
        return True
    name = environment.get("GITHUB_EVENT_NAME", "")
    if not name.startswith("pull_request") and name != "workflow_run":
        return False
    try:
        with open(environment.get("GITHUB_EVENT_PATH", ""), encoding="utf-8") as file:
            event = json.load(file)
        if name == "workflow_run":
            return bool(event["workflow_run"]["head_repository"]["id"] != event["repository"]["id"])
        request: dict[str, Any] = event["pull_request"]
        return bool(request["head"]["repo"]["full_name"] != request["base"]["repo"]["full_name"])
    except (OSError, ValueError, KeyError, TypeError):
        return True
