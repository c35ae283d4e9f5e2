"""AWS in words, for `permlint systems aws`: the calls, the auditor's policy, and what a verdict rests on."""

import json

from linter.systems.aws.ask import CALLS, TOTAL

_SAID = """\
within   {total:g} s for everything; nothing is compared otherwise
tells    what a user, a role or the user of a key id may do: its policies, groups and boundary, the
         organization's service and resource control policies, and the policies of the buckets, queues,
         topics, functions, secrets, tables and keys that manifests name (in the binding's region, if none is said)
judges   what its own policies grant and nobody declared is excess, whatever policies of resources were
         not read (`unread` in the details names them); a declared resource is ok only where its own
         policy was read, else unverified: that could allow more, or deny. Where service control policies
         could not be read, or a session's policy could bind, what is granted is an upper bound: conditional
cannot   see session policies, grants of KMS keys, access control lists, other accounts, and policies of
         resources of other services or that no manifest names. Of a recording of one caller it is believed
         that it has all policies that concern it; of one of an account, those of resources that it has"""


def about() -> tuple[str, ...]:
    """A line each."""
    return (
        f"asks     {', '.join(CALLS)}",
        "needs    an auditor's login (access_key_id_env and secret_access_key_env, or profile), never the agent's, with:",
        *(f"         {line}" for line in auditor_policy().splitlines()),
        *_SAID.format(total=TOTAL).splitlines(),
    )


def auditor_policy() -> str:
    """The policy that the auditor needs, as JSON."""
    actions = [call for call in CALLS if not call.startswith("sts:")]
    statement = {"Sid": "PermlintReads", "Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
