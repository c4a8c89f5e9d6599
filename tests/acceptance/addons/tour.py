"""Ten packages with native code, each doing some of its real work. Arguments: the names of the parts to run."""

# ruff: noqa: PLC0415 - a package is imported by the part that tries it

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
CITIES = HERE / "cities.csv"
FEED = HERE / "feed.xml"


def numpy_solves() -> None:
    import numpy as np

    matrix = np.array([[4.0, 1.0], [2.0, 3.0]])
    assert np.allclose(np.linalg.inv(matrix) @ matrix, np.eye(2))
    assert sorted(np.linalg.eigvals(matrix).round(6)) == [2.0, 5.0]
    assert np.abs(np.fft.ifft(np.fft.fft(np.arange(8))) - np.arange(8)).max() < 1e-12
    assert np.random.default_rng(1).normal(size=1000).std() > 0.9


def pandas_groups() -> None:
    import pandas as pd

    frame = pd.read_csv(CITIES)
    assert frame.groupby("country")["people"].sum().to_dict() == {"DE": 5500, "FR": 2100}
    assert pd.read_csv(str(CITIES), engine="c", memory_map=True).shape == (3, 3)
    assert pd.date_range("2024-01-01", periods=3, tz="Europe/Berlin")[2].day == 3


def pillow_encodes() -> None:
    import io

    from PIL import Image, ImageDraw, ImageFilter

    image = Image.new("RGB", (64, 48), "navy")
    ImageDraw.Draw(image).ellipse((8, 8, 56, 40), fill="orange")
    for kind, exact in (("PNG", True), ("JPEG", False), ("WEBP", False), ("TIFF", True)):
        buffer = io.BytesIO()
        image.filter(ImageFilter.SHARPEN).save(buffer, kind)
        again = Image.open(io.BytesIO(buffer.getvalue()))
        again.load()
        assert again.format == kind and again.size == (64, 48), kind
        red = again.convert("RGB").getpixel((32, 24))[0]
        assert red == 255 if exact else red > 230, (kind, red)


def cryptography_signs() -> None:
    import datetime

    from cryptography import x509
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "packaged")])
    start = datetime.datetime(2024, 1, 1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(start).not_valid_after(start + datetime.timedelta(days=9))
    certificate = builder.sign(key, hashes.SHA256())
    again = x509.load_pem_x509_certificate(certificate.public_bytes(serialization.Encoding.PEM))
    assert again.subject == name and again.serial_number == 7
    again.verify_directly_issued_by(again)
    secret = AESGCM.generate_key(256)
    sealed = AESGCM(secret).encrypt(b"0" * 12, b"text", b"more")
    assert AESGCM(secret).decrypt(b"0" * 12, sealed, b"more") == b"text"
    assert Fernet(token := Fernet.generate_key()).decrypt(Fernet(token).encrypt(b"text")) == b"text"


def lxml_finds() -> None:
    from lxml import etree, html

    tree = etree.fromstring("<a><b n='1'/><b n='2'><c>text</c></b></a>")
    assert tree.xpath("//b[@n > 1]/c/text()") == ["text"]
    assert html.fromstring("<p>one<p>two").xpath("count(//p)") == 2
    style = etree.XML(
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
        '<xsl:template match="/"><n><xsl:value-of select="count(//b)"/></n></xsl:template></xsl:stylesheet>'
    )
    assert str(etree.XSLT(style)(tree)).strip().endswith("<n>2</n>")


def lxml_parses_packaged_file() -> None:
    """libxml2 opens the file itself, in C."""
    from lxml import etree

    assert etree.parse(str(FEED)).xpath("string(//title)") == "Packaged"
    assert [element.text for _, element in etree.iterparse(str(FEED), tag="title")] == ["Packaged"]
    try:
        etree.parse(str(HERE / "none.xml"))
    except OSError:
        pass
    else:
        raise AssertionError("a missing file was parsed")


def psutil_looks() -> None:
    import os

    import psutil

    me = psutil.Process()
    assert me.pid == os.getpid() and me.memory_info().rss > 1_000_000 and me.exe() == sys.executable
    assert psutil.cpu_count() and psutil.virtual_memory().total and psutil.net_if_addrs()
    assert me.create_time() > 0 and any(file.path for file in me.memory_maps())


def pydantic_validates() -> None:
    import pydantic

    class Point(pydantic.BaseModel):
        x: int
        tags: list[str] = []

    assert Point.model_validate_json('{"x": "7", "tags": ["a"]}').model_dump() == {"x": 7, "tags": ["a"]}
    try:
        Point(x="seven")
    except pydantic.ValidationError as error:
        assert error.errors()[0]["type"] == "int_parsing"
    assert Point.model_json_schema()["properties"]["x"]["type"] == "integer"


def orjson_dumps() -> None:
    import datetime

    import orjson

    value = {"a": [1, 2.5, None, True], "t": datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC), "ü": "ß"}
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    assert text == '{"a":[1,2.5,null,true],"t":"2024-01-02T00:00:00+00:00","ü":"ß"}'.encode()
    assert orjson.loads(text)["a"] == [1, 2.5, None, True]


def uvloop_serves() -> None:
    import asyncio

    import uvloop

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readline()).upper())
        writer.close()

    async def main() -> bytes:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        answer = await reader.readline()
        writer.close()
        server.close()
        return answer

    assert "uvloop" in type(uvloop.new_event_loop()).__module__
    assert uvloop.run(main()) == b"HELLO\n"


def uvloop_starts_processes() -> None:
    """libuv starts programs itself, in C: this executable as an interpreter."""
    import asyncio

    import uvloop

    async def main() -> bytes:
        command = (sys.executable, "-c", "print(6 * 7)")
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        return (await process.communicate())[0]

    assert uvloop.run(main()) == b"42\n"


def grpc_calls() -> None:
    from concurrent import futures

    # By chance the server stops before the closed channel is gone, which is told on standard error.
    os.environ["GRPC_VERBOSITY"] = "NONE"
    import grpc

    handler = grpc.method_handlers_generic_handler(
        "Echo", {"Say": grpc.unary_unary_rpc_method_handler(lambda request, _: request[::-1])}
    )
    server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        assert channel.unary_unary("/Echo/Say")(b"hello", timeout=20) == b"olleh"
    server.stop(None).wait()


def main() -> None:
    for name in sys.argv[1:]:
        globals()[name]()
        print(name)


if __name__ == "__main__":
    main()
