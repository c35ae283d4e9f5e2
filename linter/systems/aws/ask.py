"""AWS asked: a fixed list of read-only calls with an auditor's credentials, by boto3."""

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from threading import Event, Thread
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import unquote

from linter.systems.aws import resource_policies
from linter.systems.aws.holders import Holder, Home
from linter.systems.aws.principals import ACCESS_KEY
from linter.systems.live import Unverified
from linter.systems.strict import loads

CALLS = (
    "sts:GetCallerIdentity",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetAccessKeyLastUsed",
    "organizations:DescribeOrganization",
    "organizations:ListParents",
    "organizations:ListPoliciesForTarget",
    "organizations:DescribePolicy",
    *resource_policies.CALLS,
)
"""Everything that is ever called. The first needs no permission; the last are made for resources that manifests name."""
_CONNECT, _READ, _ATTEMPTS = 5, 10, 3
"""Seconds, seconds, and attempts a call."""
TOTAL = 120.0
"""Seconds for everything that is asked of one account, pages and waiting included: 500 pages take less."""
_REGION = "us-east-1"
_FILTERS = {"scps": "SERVICE_CONTROL_POLICY", "rcps": "RESOURCE_CONTROL_POLICY"}
UNREAD = "AccessDenied"
"""Stands in a recording for what could not be read."""
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
_DOCUMENTS = ("PolicyDocument", "AssumeRolePolicyDocument", "Document")
"""Members of IAM's answers that are policies, URL-encoded."""
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


def ask(
    login: Login,
    principals: Sequence[str],
    endpoint: str | None = None,
    *,
    named: Callable[[Home], Iterable[Holder]] = lambda _: (),
    total: float = TOTAL,
) -> dict[str, Any]:
    """What AWS says of an account, as a recording has it.

    Args:
        principals: those that are asked for; ids of keys are looked up.
        endpoint: of a server that plays AWS, for tests alone.
        named: which resources' own policies are asked for too.
        total: seconds for all calls together; a test's opening, as the endpoint is.

    Raises:
        Unverified: boto3 is not installed, or AWS cannot be reached, does not tell, or is not done in time.
    """
    try:
        import boto3  # noqa: F401  # whether it is there
    except ImportError:
        raise Unverified("AWS needs boto3: python -m pip install 'permlint[aws]'") from None
    late = Event()
    answer: Future[dict[str, Any]] = Future()

    def work() -> None:
        try:
            asked = _asked(login, principals, endpoint, named, late)
            gc.collect()  # boto3's clients are cycles, 12 to 18 MB an account, and a run of permlint collects nothing by itself
            answer.set_result(asked)
        except BaseException as error:  # the one who waits must be told, whatever it is
            answer.set_exception(error)

    # No limit of boto3's is one for all calls together, or for an answer that drips: whoever waits is the clock.
    Thread(target=work, name="aws", daemon=True).start()
    try:
        return answer.result(total)
    except TimeoutError:
        late.set()
        raise Unverified(f"AWS had not answered everything after {total:g} s: nothing was compared") from None


def _asked(
    login: Login,
    principals: Sequence[str],
    endpoint: str | None,
    named: Callable[[Home], Iterable[Holder]],
    late: Event,
) -> dict[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        region = login.region or _REGION
        sent: dict[str, list[float]] = {}
        return _Reader(_clients(login, endpoint, late, sent), region).read(principals, named) | {"requests": sent}
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "an error"))
        said = f"AWS answers {error.operation_name} with {_word(code)}: {_advice(code)}"
        raise Unverified(said, rejected=code in _REFUSED) from None
    except (BotoCoreError, ValueError, OSError) as error:
        # Their messages may quote what was sent.
        name = type(error).__name__
        raise Unverified(f"AWS cannot be asked: {_SAID.get(name, name)}") from None


def _decoded(value: Any) -> Any:
    """What IAM answers, with the policies in it read."""
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    if isinstance(value, dict):
        return {
            key: _read(unquote(one)) if key in _DOCUMENTS and isinstance(one, str) else _decoded(one)
            for key, one in value.items()
        }
    return value


def _read(text: str) -> Any:
    """A policy; its text where it is none: whoever needs it says why."""
    try:
        return loads(text)
    except (ValueError, RecursionError):
        return text


def _word(code: str) -> str:
    return code if code.replace(".", "").isalnum() and len(code) < 80 else "an error"


def _advice(code: str) -> str:
    if code in _HIDDEN:
        return "give the auditor the policy that `permlint systems aws` prints"
    if code in _REFUSED:
        return "its credentials are not valid"
    return "nothing was compared"


class _Late(Exception):
    """Nobody waits any more."""


def _clients(login: Login, endpoint: str | None, late: Event, sent: dict[str, list[float]]) -> Callable[..., Any]:
    """Service, and region where it is not the login's -> its client, which sends only what is listed, and nothing once it is late.

    Args:
        sent: told of each call how many seconds it took, every time that it was sent.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
    from botocore.handlers import json_decode_policies

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
    known: dict[tuple[str, str], Any] = {}
    home = login.region or _REGION

    class NotAsked(BotoCoreError):  # type: ignore[misc]  # botocore has no types
        """A request that is not on the list, or not of the login's partition: it is not sent."""

        fmt = "refused"

    def sending(event_name: str, **_: Any) -> None:
        if late.is_set():
            raise _Late
        call = _call(event_name)
        if call not in CALLS:  # boto3 would ask for a bucket's region by itself
            raise NotAsked
        sent.setdefault(call, []).append(-monotonic())

    def received(event_name: str, **_: Any) -> None:
        times = sent.get(_call(event_name), [0.0])  # what was refused above was not sent
        if times[-1] < 0:
            times[-1] += monotonic()

    def client(service: str, region: str = home) -> Any:
        if (service, region) not in known:
            if session.get_partition_for_region(region) != session.get_partition_for_region(home):
                raise NotAsked
            made = session.client(service, region_name=region, config=config, endpoint_url=endpoint)
            made.meta.events.unregister(
                "after-call.iam", json_decode_policies
            )  # of a key that stands twice it takes the last
            made.meta.events.register("before-send", sending)
            made.meta.events.register("response-received", received)  # or nothing, and why
            known[service, region] = made
        return known[service, region]

    return client


def _call(event_name: str) -> str:
    """ "before-send.secrets-manager.GetResourcePolicy" as a policy names the action."""
    _, service, operation = event_name.split(".")
    return f"{service.replace('-', '')}:{operation}"


class _Reader:
    def __init__(self, client: Callable[..., Any], region: str) -> None:
        self.client = client
        self.region = region
        self._policies: dict[str, Any] = {}
        """Of the organization, by id: the same one stands at many levels."""

    def read(self, principals: Sequence[str], named: Callable[[Home], Iterable[Holder]]) -> dict[str, Any]:
        caller = self.client("sts").get_caller_identity()
        keys = [one for one in principals if ACCESS_KEY.fullmatch(one) and one.startswith("AKIA")]
        details: dict[str, list[Any]] = {}
        complete = False
        pages = self._pages("iam", "get_account_authorization_details")
        for page in pages:
            for name in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"):
                details.setdefault(name, []).extend(page.get(name, ()))
            complete = page.get("IsTruncated") is False
        if not complete:  # boto3 ends quietly where an answer is empty, or says that more follows and not where
            raise Unverified("AWS's answer to GetAccountAuthorizationDetails is not complete: nothing was compared")
        account = str(caller["Account"])
        home = Home(str(caller["Arn"]).split(":")[1], account, self.region)
        found: dict[str, Any] = {
            "asked_as": caller["Arn"],
            "region": self.region,
            "account_authorization_details": _decoded(json.loads(json.dumps(details, default=str))),
            **self._organization(account),
            "resource_policies": resource_policies.read(named(home), self.client, account),
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

    def _organization(self, account: str) -> dict[str, Any]:
        """The organization, and the policies of each level from its root down; "AccessDenied" where they cannot be read.

        Neither kind binds the management account ("Service control policies", "Resource control policies").
        """
        from botocore.exceptions import BotoCoreError, ClientError

        client = self.client("organizations")
        try:
            organization = client.describe_organization()["Organization"]
            found: dict[str, Any] = {"organization": str(organization["Id"])}
            if organization.get("MasterAccountId") == account:
                return found | {key: [] for key in _FILTERS}
            chain = [account]
            while not chain[-1].startswith("r-") and len(chain) < 10:
                chain.append(client.list_parents(ChildId=chain[-1])["Parents"][0]["Id"])
        except ClientError as error:
            alone = error.response.get("Error", {}).get("Code") == "AWSOrganizationsNotInUseException"
            return {key: [] if alone else UNREAD for key in _FILTERS}
        except (BotoCoreError, KeyError, IndexError):
            return dict.fromkeys(_FILTERS, UNREAD)
        return found | {key: self._levels(tuple(reversed(chain)), kind) for key, kind in _FILTERS.items()}

    def _levels(self, chain: Sequence[str], kind: str) -> list[list[Any]] | str:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = [self._level(one, kind) for one in chain]
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            return [] if code == "PolicyTypeNotEnabledException" else UNREAD
        except (BotoCoreError, KeyError):
            return UNREAD
        # Where a kind is enabled, each level has at least one policy, AWS's own that allows all.
        return found if any(found) else []

    def _level(self, target: str, kind: str) -> list[Any]:
        pages = self._pages("organizations", "list_policies_for_target", TargetId=target, Filter=kind)
        ids = [one["Id"] for page in pages for one in page.get("Policies", ())]
        for one in ids:
            if one not in self._policies:
                policy = self.client("organizations").describe_policy(PolicyId=one)["Policy"]
                self._policies[one] = _read(policy["Content"])
        return [self._policies[one] for one in ids]
