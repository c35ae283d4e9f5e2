"""AWS asked: a fixed list of read-only calls with an auditor's credentials, by boto3."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from linter.systems.aws.principals import ACCESS_KEY
from linter.systems.live import Unverified

CALLS = (
    "sts:GetCallerIdentity",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetAccessKeyLastUsed",
    "organizations:DescribeOrganization",
    "organizations:ListParents",
    "organizations:ListPoliciesForTarget",
    "organizations:DescribePolicy",
)
"""Everything that is ever called. The first needs no permission."""
_CONNECT, _READ, _ATTEMPTS = 5, 10, 3
"""Seconds, seconds, and attempts a call."""
_MOST_PAGES = 500
_SAID = {
    "EndpointConnectionError": "no connection can be made",
    "ConnectTimeoutError": "no connection can be made in time",
    "ReadTimeoutError": "it does not answer in time",
    "ConnectionClosedError": "it closes the connection",
    "SSLError": "its certificate is not valid",
    "ProfileNotFound": "there is no such profile",
    "NoCredentialsError": "the profile has no credentials",
}
_REFUSED = ("InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", "UnrecognizedClientException")
"""Codes that mean the credentials themselves."""
_HIDDEN = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


class Login(NamedTuple):
    """An auditor's credentials: a profile of the AWS configuration, or keys."""

    profile: str = ""
    key: str = ""
    secret: str = ""
    token: str = ""
    region: str = ""

    def __repr__(self) -> str:
        return f"Login({self.profile or '[secret]'})"


def auditor_policy() -> str:
    """The policy that the auditor needs, as JSON."""
    actions = [call for call in CALLS if not call.startswith("sts:")]
    statement = {"Sid": "PermlintReads", "Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def ask(login: Login, principals: Sequence[str], endpoint: str | None = None) -> dict[str, Any]:
    """What AWS says of an account, as a recording has it.

    Args:
        principals: those that are asked for; ids of keys are looked up.
        endpoint: of a server that plays AWS, for tests alone.

    Raises:
        Unverified: boto3 is not installed, or AWS cannot be reached or does not tell.
    """
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise Unverified("AWS needs boto3: python -m pip install 'permlint[aws]'") from None
    try:
        return _Reader(_clients(login, endpoint)).read(principals)
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "an error"))
        said = f"AWS answers {error.operation_name} with {_word(code)}: {_advice(code)}"
        raise Unverified(said, rejected=code in _REFUSED) from None
    except (BotoCoreError, ValueError, OSError) as error:
        # Their messages may quote what was sent.
        name = type(error).__name__
        raise Unverified(f"AWS cannot be asked: {_SAID.get(name, name)}") from None


def _word(code: str) -> str:
    return code if code.replace(".", "").isalnum() and len(code) < 80 else "an error"


def _advice(code: str) -> str:
    if code in _HIDDEN:
        return "give the auditor the policy that `permlint systems aws` prints"
    if code in _REFUSED:
        return "its credentials are not valid"
    return "nothing was compared"


def _clients(login: Login, endpoint: str | None) -> Callable[[str], Any]:
    import boto3
    from botocore.config import Config

    keys = {
        "aws_access_key_id": login.key,
        "aws_secret_access_key": login.secret,
        "aws_session_token": login.token or None,
    }
    session: Any = boto3.Session(profile_name=login.profile) if login.profile else boto3.Session(**keys)
    config = Config(
        ignore_configured_endpoint_urls=True,  # AWS_ENDPOINT_URL would send a signed request elsewhere
        proxies={},  # not those of the environment
        connect_timeout=_CONNECT,
        read_timeout=_READ,
        retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
        user_agent_extra="permlint",
    )
    region = login.region or "us-east-1"
    known: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in known:
            known[service] = session.client(service, region_name=region, config=config, endpoint_url=endpoint)
        return known[service]

    return client


class _Reader:
    def __init__(self, client: Callable[[str], Any]) -> None:
        self.client = client

    def read(self, principals: Sequence[str]) -> dict[str, Any]:
        caller = self.client("sts").get_caller_identity()
        keys = [one for one in principals if ACCESS_KEY.fullmatch(one) and one.startswith("AKIA")]
        details: dict[str, list[Any]] = {}
        pages = self._pages("iam", "get_account_authorization_details")
        for page in pages:
            for name in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"):
                details.setdefault(name, []).extend(page.get(name, ()))
        found: dict[str, Any] = {
            "asked_as": caller["Arn"],
            "account_authorization_details": json.loads(json.dumps(details, default=str)),
            "scps": self._scps(caller["Account"]),
        }
        if keys:
            found["access_keys"] = {one: self._user(one) for one in keys}
        return found

    def _user(self, key: str) -> str:
        return str(self.client("iam").get_access_key_last_used(AccessKeyId=key).get("UserName", ""))

    def _pages(self, service: str, operation: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
        pages = self.client(service).get_paginator(operation).paginate(**arguments)
        for number, page in enumerate(pages):
            if number >= _MOST_PAGES:
                raise Unverified(f"AWS gives more than {_MOST_PAGES} pages of {operation}: nothing was compared")
            yield page

    def _scps(self, account: str) -> list[list[Any]] | str:
        """The policies of each level, from the root down; "AccessDenied" where they cannot be read."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            organization = self.client("organizations").describe_organization()["Organization"]
            if organization.get("MasterAccountId") == account:
                return []  # service control policies do not bind the management account
            chain = [account]
            while not chain[-1].startswith("r-") and len(chain) < 10:
                parents = self.client("organizations").list_parents(ChildId=chain[-1])["Parents"]
                chain.append(parents[0]["Id"])
            return [self._level(one) for one in reversed(chain)]
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            return [] if code == "AWSOrganizationsNotInUseException" else "AccessDenied"
        except (BotoCoreError, KeyError, IndexError):
            return "AccessDenied"

    def _level(self, target: str) -> list[Any]:
        found = []
        arguments = {"TargetId": target, "Filter": "SERVICE_CONTROL_POLICY"}
        for page in self._pages("organizations", "list_policies_for_target", **arguments):
            for one in page.get("Policies", ()):
                policy = self.client("organizations").describe_policy(PolicyId=one["Id"])["Policy"]
                found.append(json.loads(policy["Content"]))
        return found
