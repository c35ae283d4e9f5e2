"""Ways from some permissions to all: what lets a principal give itself more than it has.

Public knowledge since Rhino Security Labs' "AWS IAM Privilege Escalation" (2018, https://github.com/RhinoSecurityLabs/
AWS-IAM-Privilege-Escalation, 28 methods) and kept up by https://hackingthe.cloud/aws/exploitation/iam_privilege_escalation/
and https://pathfinding.cloud; read on 2026-11-25. CodeStar's three are left out: the service has ended. Whether each action
still exists is checked against the table. What is not listed is still undeclared administration, where it is granted.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from linter.systems.aws.declared import Demand
from linter.systems.aws.excess import Granted, applied
from linter.systems.aws.regions import join, subtract

_ALONE = {
    "iam:CreatePolicyVersion": "write a new version of a policy that it has",
    "iam:SetDefaultPolicyVersion": "bring back an older version of a policy",
    "iam:AttachUserPolicy": "attach any policy to a user",
    "iam:AttachGroupPolicy": "attach any policy to a group",
    "iam:AttachRolePolicy": "attach any policy to a role",
    "iam:PutUserPolicy": "write a policy into a user",
    "iam:PutGroupPolicy": "write a policy into a group",
    "iam:PutRolePolicy": "write a policy into a role",
    "iam:AddUserToGroup": "add a user to a group",
    "iam:CreateAccessKey": "create keys for users",
    "iam:CreateLoginProfile": "give users a password",
    "iam:UpdateLoginProfile": "change users' passwords",
    "iam:UpdateAssumeRolePolicy": "decide who may assume a role",
    "iam:DeleteUserPermissionsBoundary": "remove a user's boundary",
    "iam:DeleteRolePermissionsBoundary": "remove a role's boundary",
    "iam:PutUserPermissionsBoundary": "replace a user's boundary",
    "iam:PutRolePermissionsBoundary": "replace a role's boundary",
}
_WITH_PASS_ROLE = {
    "ec2:RunInstances": "start a machine with another role",
    "lambda:CreateFunction": "run code as another role",
    "ecs:RunTask": "run a container as another role",
    "ecs:RegisterTaskDefinition": "define a container that runs as another role",
    "glue:CreateJob": "run a job as another role",
    "glue:CreateDevEndpoint": "open a shell as another role",
    "cloudformation:CreateStack": "create anything as another role",
    "codebuild:CreateProject": "build as another role",
    "sagemaker:CreateNotebookInstance": "open a notebook as another role",
    "sagemaker:CreateTrainingJob": "run code as another role",
    "states:CreateStateMachine": "call services as another role",
    "datapipeline:CreatePipeline": "run a pipeline as another role",
    "apprunner:CreateService": "run a service as another role",
    "batch:RegisterJobDefinition": "run a job as another role",
    "scheduler:CreateSchedule": "call services as another role",
    "glue:UpdateJob": "run a job as another role",
    "autoscaling:CreateLaunchConfiguration": "start machines with another role",
    "bedrock-agentcore:CreateCodeInterpreter": "run code as another role",
}
_OF_OTHERS = {
    "lambda:UpdateFunctionCode": "put its own code into functions, which run as their roles",
    "lambda:UpdateFunctionConfiguration": "put a layer of its own into functions, which run as their roles",
    "glue:UpdateDevEndpoint": "put its own key on development endpoints, which have roles",
    "sagemaker:CreatePresignedNotebookInstanceUrl": "open notebooks, which have roles",
    "ssm:SendCommand": "run commands on machines, which have roles",
}
_PASSING = "iam:PassRole"


class Way(NamedTuple):
    """One way up."""

    actions: tuple[str, ...]
    does: str
    """What it lets do, without a subject."""
    sure: bool


def ways() -> list[tuple[tuple[str, ...], str]]:
    """All ways that are known: (actions that are all needed, what they let do)."""
    alone = [((action,), does) for action, does in {**_ALONE, **_OF_OTHERS}.items()]
    return alone + [((_PASSING, action), does) for action, does in _WITH_PASS_ROLE.items()]


def escalations(granted: Granted, demands: Sequence[Demand]) -> Iterator[Way]:
    """The ways that are open and not declared action by action."""
    for actions, does in ways():
        bounds = [_open(granted, demands, action) for action in actions]
        if all(possible for _, possible, _ in bounds) and any(undeclared for _, _, undeclared in bounds):
            yield Way(actions, does, all(sure for sure, _, _ in bounds))


def _open(granted: Granted, demands: Sequence[Demand], action: str) -> tuple[bool, bool, bool]:
    """Whether an action is surely and possibly allowed somewhere, and whether beyond what is declared."""
    bits = granted.table.bits(action)
    for ruling in granted.rulings:
        if ruling.bits & bits:
            may = join(region for one in demands for allowed, where in one.may if allowed & bits for region in where)
            group = next(granted.groups(bits))
            possible = [subtract(area, may) for area in applied(group, ruling.possible, sure=False)]
            return bool(applied(group, ruling.sure, sure=True)), bool(possible), any(possible)
    return False, False, False
