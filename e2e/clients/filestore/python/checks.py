"""boto3 and the AWS CLI against weftkit/filestore, as they come."""

import hashlib
import io
import os
import subprocess
import sys
import tempfile
import traceback
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

port = os.environ["WEFTKIT_TEST_PORT"]
tls_port = os.environ["WEFTKIT_TEST_TLS_PORT"]
ca = os.environ["WEFTKIT_TEST_CA"]
user = os.environ["WEFTKIT_TEST_USER"]
password = os.environ["WEFTKIT_TEST_PASSWORD"]
large = os.urandom(20 * 1024 * 1024)


def client(endpoint=f"http://127.0.0.1:{port}", secret=password, **options):
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=user,
        aws_secret_access_key=secret,
        region_name="us-east-1",
        **options,
    )


s3 = client()


def objects():
    s3.create_bucket(Bucket="python-objects")
    s3.put_object(Bucket="python-objects", Key="a b+(ü)", Body=b"text", Metadata={"k": "v"}, ContentType="text/plain")
    got = s3.get_object(Bucket="python-objects", Key="a b+(ü)")
    assert got["Body"].read() == b"text" and got["Metadata"] == {"k": "v"} and got["ContentType"] == "text/plain"
    keys = [found["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="python-objects") for found in page["Contents"]]
    assert keys == ["a b+(ü)"]
    s3.delete_objects(Bucket="python-objects", Delete={"Objects": [{"Key": key} for key in keys]})
    s3.delete_bucket(Bucket="python-objects")


def transfers():
    s3.create_bucket(Bucket="python-transfers")
    parts = TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024)
    s3.upload_fileobj(io.BytesIO(large), "python-transfers", "large", Config=parts)
    assert s3.head_object(Bucket="python-transfers", Key="large")["ETag"].endswith('-4"')
    found = io.BytesIO()
    s3.download_fileobj("python-transfers", "large", found, Config=parts)
    assert hashlib.sha256(found.getvalue()).digest() == hashlib.sha256(large).digest()
    s3.copy({"Bucket": "python-transfers", "Key": "large"}, "python-transfers", "copy", Config=parts)
    assert s3.get_object(Bucket="python-transfers", Key="copy", Range="bytes=5242870-5242889")["Body"].read() == large[5242870:5242890]


def checksums():
    s3.create_bucket(Bucket="python-checksums")
    for algorithm in ["CRC32", "SHA1", "SHA256"]:
        put = s3.put_object(Bucket="python-checksums", Key=algorithm, Body=large[:100000], ChecksumAlgorithm=algorithm)
        head = s3.head_object(Bucket="python-checksums", Key=algorithm, ChecksumMode="ENABLED")
        assert put[f"Checksum{algorithm}"] == head[f"Checksum{algorithm}"]


def presigned():
    s3.create_bucket(Bucket="python-presigned")
    for version in ["s3v4", "s3"]:
        signer = client(config=Config(signature_version=version))
        put = signer.generate_presigned_url("put_object", Params={"Bucket": "python-presigned", "Key": "x"})
        urllib.request.urlopen(urllib.request.Request(put, data=b"text", method="PUT", headers={"Content-Type": ""}))
        get = signer.generate_presigned_url("get_object", Params={"Bucket": "python-presigned", "Key": "x"})
        assert urllib.request.urlopen(get).read() == b"text"


def versions():
    s3.create_bucket(Bucket="python-versions")
    s3.put_bucket_versioning(Bucket="python-versions", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="python-versions", Key="x", Body=b"one")["VersionId"]
    s3.put_object(Bucket="python-versions", Key="x", Body=b"two")
    s3.delete_object(Bucket="python-versions", Key="x")
    assert s3.get_object(Bucket="python-versions", Key="x", VersionId=first)["Body"].read() == b"one"
    listed = s3.list_object_versions(Bucket="python-versions")
    assert len(listed["Versions"]) == 2 and len(listed["DeleteMarkers"]) == 1


def conditions():
    s3.create_bucket(Bucket="python-conditions")
    s3.put_object(Bucket="python-conditions", Key="x", Body=b"one", IfNoneMatch="*")
    try:
        s3.put_object(Bucket="python-conditions", Key="x", Body=b"two", IfNoneMatch="*")
        raise AssertionError("it was written twice")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "PreconditionFailed"


def tls():
    secure = client(endpoint=f"https://localhost:{tls_port}", verify=ca)
    secure.create_bucket(Bucket="python-tls")
    secure.put_object(Bucket="python-tls", Key="x", Body=large[:200000])
    assert secure.get_object(Bucket="python-tls", Key="x")["Body"].read() == large[:200000]


def wrong_password():
    try:
        client(secret="wrong").list_buckets()
        raise AssertionError("a wrong password was taken")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "SignatureDoesNotMatch"


def command_line():
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": user, "AWS_SECRET_ACCESS_KEY": password, "AWS_DEFAULT_REGION": "us-east-1"}

    def aws(*arguments):
        program = os.path.join(os.path.dirname(sys.executable), "aws")
        command = [program, "--endpoint-url", f"http://127.0.0.1:{port}", *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    with tempfile.TemporaryDirectory() as folder:
        for name, content in {"a.txt": b"text", "deep/large.bin": large}.items():
            path = os.path.join(folder, "from", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
        aws("s3", "mb", "s3://python-cli")
        aws("s3", "sync", os.path.join(folder, "from"), "s3://python-cli/x")
        assert "large.bin" in aws("s3", "ls", "--recursive", "s3://python-cli")
        aws("s3", "cp", "--recursive", "s3://python-cli/x", os.path.join(folder, "to"))
        with open(os.path.join(folder, "to", "deep/large.bin"), "rb") as file:
            assert file.read() == large
        aws("s3", "mv", "s3://python-cli/x/a.txt", "s3://python-cli/y/a.txt")
        aws("s3", "rb", "--force", "s3://python-cli")


for check in [objects, transfers, checksums, presigned, versions, conditions, tls, wrong_password, command_line]:
    try:
        check()
        print(f"ok {check.__name__}", flush=True)
    except Exception as error:
        traceback.print_exc()
        print(f"not ok {check.__name__}: {str(error).splitlines()[:1]}", flush=True)
