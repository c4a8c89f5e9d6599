"""A certificate authority, a certificate for ``localhost``, and a directory as ``c_rehash`` makes it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import trustme
from cryptography import x509

__all__ = ["add_certificates"]


def add_certificates(folder: Path) -> None:
    """Fill a directory: ca.pem, other.pem, bundle.pem, link.pem, capath, and a server's chain and keys."""
    folder.mkdir()
    authority, other = trustme.CA(), trustme.CA()
    server = authority.create_child_ca().issue_cert("localhost")
    chain = b"".join(blob.bytes() for blob in server.cert_chain_pems)
    files = {
        "ca.pem": authority.cert_pem.bytes(),
        "other.pem": other.cert_pem.bytes(),
        "bundle.pem": other.cert_pem.bytes() + b"\n# the one that is meant\n" + authority.cert_pem.bytes(),
        "chain.pem": chain,
        "key.pem": server.private_key_pem.bytes(),
        "other-key.pem": other.private_key_pem.bytes(),
        "server.pem": server.private_key_pem.bytes() + chain,
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "link.pem").symlink_to("ca.pem")
    (folder / "capath").mkdir()
    (folder / "capath" / f"{_subject_hash(authority.cert_pem.bytes())}.0").symlink_to("../ca.pem")


def _subject_hash(pem: bytes) -> str:
    """Return the name under which OpenSSL looks for a certificate in a directory (``X509_NAME_hash``).

    It hashes the canonical form: each set of attributes in DER, values as UTF8String in lower case with single spaces.
    """
    canonical = b""
    for attributes in x509.load_pem_x509_certificate(pem).subject.rdns:
        parts = b"".join(
            _der(0x30, attribute.oid.dotted_string, " ".join(str(attribute.value).lower().split()))
            for attribute in attributes
        )
        canonical += bytes((0x31, len(parts))) + parts
    digest = hashlib.sha1(canonical, usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


def _der(tag: int, oid: str, value: str) -> bytes:
    first, second, *rest = map(int, oid.split("."))
    numbers = bytes([first * 40 + second, *rest])  # each number of a name's attributes fits a byte
    text = value.encode()
    body = bytes((0x06, len(numbers))) + numbers + bytes((0x0C, len(text))) + text
    return bytes((tag, len(body))) + body
