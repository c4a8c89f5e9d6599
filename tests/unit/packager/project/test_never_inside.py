"""What nobody means to package, by its name, its contents, its permissions."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from pypkg.project.never_inside import suspects

KEY = "private key"
CREDENTIALS = "file of credentials"
TRACE = "cache or other trace of a tool"
BACKUP = "backup of an editor or another tool"


def kinds(folder: Path, name: str, *, modes: bool = False) -> list[str]:
    return [f"{kind.one}: {path}" for kind, path in suspects(folder, name, modes=modes)]


def keys() -> dict[str, bytes]:
    """Return private keys in every format that the library can write."""
    of_rsa = rsa.generate_private_key(65537, 2048)
    made: dict[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey] = {
        "rsa": of_rsa,
        "ec": ec.generate_private_key(ec.SECP256R1()),
        "ec521": ec.generate_private_key(ec.SECP521R1()),
        "ed": ed25519.Ed25519PrivateKey.generate(),
    }
    encoding, form = serialization.Encoding, serialization.PrivateFormat
    plain, locked = serialization.NoEncryption(), serialization.BestAvailableEncryption(b"word")
    found = {}
    for name, key in made.items():
        found[f"{name}-pkcs8-pem"] = key.private_bytes(encoding.PEM, form.PKCS8, plain)
        found[f"{name}-pkcs8-locked-pem"] = key.private_bytes(encoding.PEM, form.PKCS8, locked)
        found[f"{name}-openssh"] = key.private_bytes(encoding.PEM, form.OpenSSH, plain)
        found[f"{name}-pkcs8-der"] = key.private_bytes(encoding.DER, form.PKCS8, plain)
        if name != "ed":
            found[f"{name}-own-pem"] = key.private_bytes(encoding.PEM, form.TraditionalOpenSSL, plain)
            found[f"{name}-own-der"] = key.private_bytes(encoding.DER, form.TraditionalOpenSSL, plain)
    found["pkcs12"] = pkcs12.serialize_key_and_certificates(b"x", of_rsa, None, None, plain)
    found["late-in-a-text"] = b"settings:\n" + b"  a: b\n" * 9000 + b"  " + found["rsa-pkcs8-pem"]
    text = found["ec-pkcs8-pem"].decode().replace("\n", "\\n")
    found["json"] = f'{{"type": "service_account", "private_key": "{text}"}}'.encode()
    return found


KEYS = keys()


@pytest.mark.parametrize("name", KEYS)
def test_private_keys_are_known_by_their_contents(tmp_path: Path, name: str) -> None:
    (tmp_path / "data.bin").write_bytes(KEYS[name])
    assert kinds(tmp_path, "data.bin") == [f"{KEY}: data.bin"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"PuTTY-User-Key-File-3: ssh-ed25519\n", KEY),
        (bytes.fromhex("feedfeed00000002") + b"rest", KEY),
        (bytes.fromhex("cececece00000002") + b"rest", KEY),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n", KEY),
        (b'{"kty": "EC", "crv": "P-256", "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}', KEY),
        (b"# mine\nAGE-SECRET-KEY-1QQQ\n", KEY),
        (b"[Interface]\nPrivateKey = " + b"A" * 43 + b"=\n", KEY),
        (b"[default]\naws_secret_access_key = x\n", CREDENTIALS),
    ],
)
def test_other_secrets(tmp_path: Path, text: bytes, kind: str) -> None:
    (tmp_path / "x").write_bytes(text)
    assert kinds(tmp_path, "x") == [f"{kind}: x"]


def test_what_only_looks_like_a_key(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + datetime.timedelta(days=9))
    certificate = builder.sign(key, SHA256())
    encoding, form = serialization.Encoding, serialization.PublicFormat
    texts = {
        "certificate.pem": certificate.public_bytes(encoding.PEM),
        "certificate.der": certificate.public_bytes(encoding.DER),
        "public.pem": key.public_key().public_bytes(encoding.PEM, form.SubjectPublicKeyInfo),
        "public.der": key.public_key().public_bytes(encoding.DER, form.SubjectPublicKeyInfo),
        "id_ed25519.pub": b"ssh-ed25519 AAAA me\n",
        "jwk.json": b'{"kty": "EC", "crv": "P-256", "x": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}',
        "parser.txt": b'if line == "-----BEGIN PRIVATE KEY-----":\n    read()\n',
        "empty": b"",
        "zeros": bytes(9000),
        ".env.example": b"PASSWORD=\n",
        ".gitignore": b"*.pyc\n",
    }
    for file, data in texts.items():
        (tmp_path / file).write_bytes(data)
        assert not kinds(tmp_path, file), file


@pytest.mark.parametrize(
    ("path", "kind", "told"),
    [
        ("pkg/.svn/entries", "folder of version control", "pkg/.svn"),
        ("sub/.git", "folder of version control", "sub/.git"),
        (".pytest_cache/v/x", TRACE, ".pytest_cache"),
        ("ui/Node_Modules/a/b.js", TRACE, "ui/Node_Modules"),
        ("Thumbs.db", TRACE, "Thumbs.db"),
        ("a/table.csv~", BACKUP, "a/table.csv~"),
        ("a/TABLE.BAK", BACKUP, "a/TABLE.BAK"),
        (".table.swp", BACKUP, ".table.swp"),
        (".env.production", "file of environment variables", ".env.production"),
        (".pgpass", CREDENTIALS, ".pgpass"),
        ("home/.aws/config", CREDENTIALS, "home/.aws"),
        ("id_ed25519", KEY, "id_ed25519"),
    ],
)
def test_names(tmp_path: Path, path: str, kind: str, told: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text("x")
    assert kinds(tmp_path, path) == [f"{kind}: {told}"]


@pytest.mark.parametrize(
    ("markers", "kind"),
    [
        (["CACHEDIR.TAG"], TRACE),
        (["pyvenv.cfg"], "virtual environment"),
        (["Root", "Repository", "Entries"], "folder of version control"),
        (["Root"], ""),
    ],
)
def test_folders_are_known_by_what_they_hold(tmp_path: Path, markers: list[str], kind: str) -> None:
    (tmp_path / "any" / "deep").mkdir(parents=True)
    for name in (*markers, "deep/x"):
        (tmp_path / "any" / name).write_text("x")
    assert kinds(tmp_path, "any/deep/x") == ([f"{kind}: any"] if kind else [])


def test_what_is_above_the_project_does_not_count(tmp_path: Path) -> None:
    project = tmp_path / "node_modules" / "project"
    project.mkdir(parents=True)
    (project / "x.txt").write_text("")
    assert not kinds(project, "x.txt")


def test_files_for_their_owner_only(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir(mode=0o700)
    for name, mode in (("mine", 0o600), ("group", 0o640), ("ours", 0o644), ("inner/x", 0o644)):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(mode)
    kind = "file that only its owner may read"
    found = {name: kinds(tmp_path, name, modes=True) for name in ("mine", "group", "ours", "inner/x")}
    assert found == {"mine": [f"{kind}: mine"], "group": [], "ours": [], "inner/x": [f"{kind}: inner/x"]}
    assert not kinds(tmp_path, "mine")
