"""Against a real S3 protocol on this machine (moto's server).

pip install 'quotewell[s3]' 'moto[s3]' flask-cors
pytest -m slow tests/indexes/sources/test_s3.py
"""

import httpx
import pytest

from indexes.sources import Remote
from rag.errors import SourceUnreachable

HOW = "needs s3fs and moto: pip install 'quotewell[s3]' 'moto[s3]' flask-cors"
pytest.importorskip("s3fs", reason=HOW)
boto3 = pytest.importorskip("boto3", reason=HOW)
moto = pytest.importorskip("moto.server", reason=HOW)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # of botocore and aiohttp, on their own code
]
KEYS = [
    "a.md",
    "docs/b.md",
    "docs//c.md",
    "../../up.md",
    "/rooted.md",
    "rooted.md",
    "sp ace+%41.md",
    "ä/ö.md",
]


@pytest.fixture
def endpoint(monkeypatch):
    monkeypatch.setenv("S3_KEY", "id")
    monkeypatch.setenv("S3_SECRET", "word")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    httpx.post(f"http://{host}:{port}/moto-api/reset")
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint):
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id="id",
        aws_secret_access_key="word",
    )
    client.create_bucket(
        Bucket="shelf", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    for key in KEYS:
        client.put_object(Bucket="shelf", Key=f"in/{key}", Body=key.encode())
    client.put_object(Bucket="shelf", Key="elsewhere.md", Body=b"not below")
    client.put_object(Bucket="shelf", Key="in/folder/", Body=b"")
    yield client
    client.close()


def gather(endpoint, mirror, url="s3://shelf/in", **options):
    options = {"key_env": "S3_KEY", "secret_env": "S3_SECRET", "exclude": (), **options}
    source = Remote(name="s3", url=url, endpoint=endpoint, region="eu-west-1", **options)
    return source.gather(mirror)


def texts(content):
    return {item.source: item.path.read_text() for item in content.items}


def test_every_key_below_the_address_is_downloaded_whatever_its_slashes(endpoint, bucket, mirror):
    content = gather(endpoint, mirror)

    assert set(texts(content).values()) == set(KEYS)
    assert all(item.path.parent == content.root for item in content.items)
    assert content.notes == ()


def test_only_what_changed_is_downloaded_again(endpoint, bucket, mirror):
    before = {i.source: i.path.stat().st_mtime_ns for i in gather(endpoint, mirror).items}
    bucket.put_object(Bucket="shelf", Key="in/a.md", Body=b"A.MD")
    bucket.delete_object(Bucket="shelf", Key="in/docs/b.md")

    content = gather(endpoint, mirror)

    after = {i.source: i.path.stat().st_mtime_ns for i in content.items}
    assert texts(content)["s3/a.md"] == "A.MD"
    assert set(before) - set(after) == {"s3/docs/b.md"}
    assert {name for name in after if after[name] != before[name]} == {"s3/a.md"}


def test_a_bucket_that_is_not_there_keeps_what_it_held(endpoint, bucket, mirror):
    gather(endpoint, mirror)

    with pytest.raises(SourceUnreachable, match="'s3' cannot be read"):
        gather(endpoint, mirror, url="s3://no-such-bucket/in")

    assert len(list((mirror / "files").iterdir())) == len(KEYS)


def test_a_prefix_without_keys_holds_nothing(endpoint, bucket, mirror):
    assert gather(endpoint, mirror, url="s3://shelf/no-such-prefix").items == ()


def test_a_server_that_is_not_there_is_unreachable(endpoint, mirror):
    with pytest.raises(SourceUnreachable, match="'s3' cannot be read"):
        gather("http://127.0.0.1:9", mirror)
