"""What is said where object storage cannot be reached, on servers of its own."""

import json
import urllib.request

import pytest

from kittiseg.errors import StorageError, WorkspaceError
from kittiseg.project.files import Files
from tests.data.commands import run_command
from tests.data.s3 import BUCKET, KEYS, serving


@pytest.mark.parametrize(
    ("environment", "place", "wanted"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "bucket/x", r"s3://bucket/x: .*onnect.*; .*AWS_ENDPOINT_URL$"),
        ({}, "no-such-bucket/x", "there is no such bucket; make the bucket, or correct --workspace"),
        (
            {},
            "key:secret@bucket/x",
            r"^s3://bucket/x: .* keys in the environment \(AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID",
        ),
    ],
)
def test_a_place_that_cannot_be_reached_is_one_message(
    s3_server: str, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], place: str, wanted: str
):
    """It names what to set."""
    for name, value in {"AWS_ENDPOINT_URL": s3_server, **environment}.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(WorkspaceError, match=wanted):
        Files.at(f"s3://{place}")


def test_keys_that_may_not(monkeypatch: pytest.MonkeyPatch):
    """Unknown ones end the command with exit code 2, and are not printed; those for reading, the first writing."""
    with serving(INITIAL_NO_AUTH_ACTION_COUNT="99") as endpoint:
        reader = _reader(endpoint)
        plain = {"Content-Type": "text/plain"}
        ask_for_keys = urllib.request.Request(f"{endpoint}/moto-api/reset-auth", data=b"0", headers=plain)
        urllib.request.urlopen(ask_for_keys).close()
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
        code, err = run_command(f"s3://{BUCKET}/x", "projects")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", reader["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", reader["SecretAccessKey"])
        files = Files.at(f"s3://{BUCKET}/x")
        with pytest.raises(StorageError, match="x/a: cannot be written: access denied; set AWS_ACCESS_KEY_ID and AWS"):
            files.write("a", b"")

    assert code == 2
    assert "correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in err
    assert "very-secret" not in err
    assert "Traceback" not in err


def _reader(endpoint: str) -> dict[str, str]:
    """The keys of somebody who may read."""
    import boto3

    iam = boto3.client("iam", endpoint_url=endpoint, region_name=KEYS["AWS_REGION"])
    iam.create_user(UserName="reader")
    allowed = {"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    policy = iam.create_policy(PolicyName="reading", PolicyDocument=document)
    iam.attach_user_policy(UserName="reader", PolicyArn=policy["Policy"]["Arn"])
    return iam.create_access_key(UserName="reader")["AccessKey"]
