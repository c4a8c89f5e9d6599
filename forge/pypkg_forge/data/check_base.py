"""Run inside a base by `pypkg-forge verify`: tries everything a base must have; prints one line of JSON.

Its argument is JSON: `extension_modules`, the names of those that must be builtins, and `library`, the
path of the standard library.
"""

import ctypes
import decimal
import hashlib
import importlib
import importlib.machinery
import json
import os
import sqlite3
import ssl
import sys

EXPECTED = json.loads(sys.argv[1])


def check(fact: object, what: str) -> None:
    if not fact:
        sys.exit(f"failed: {what}")


for name in EXPECTED["extension_modules"]:
    check(name in sys.builtin_module_names, f"{name} is a builtin")
    importlib.import_module(name)


database = sqlite3.connect(":memory:")
database.execute("create virtual table texts using fts5(body)")
database.execute("create virtual table boxes using rtree(id, low, high)")
database.execute("insert into texts values ('the quick fox')")
found = database.execute("select count(*) from texts where texts match 'quick'").fetchone()
check(found == (1,), "FTS5 search")
found = database.execute("""select json_extract('{"a": [1, 2]}', '$.a[1]')""").fetchone()
check(found == (2,), "JSON functions of SQLite")

double = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda value: 2 * value)
check(double(21) == 42, "ctypes callbacks")
check(decimal.Decimal("0.1") * 3 == decimal.Decimal("0.3"), "decimal arithmetic")
check(ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED, "ssl verifies certificates")
check(hashlib.new("sha512_256", b"").hexdigest().startswith("c672b8d1"), "hashes of OpenSSL")
if "_curses" in EXPECTED["extension_modules"]:
    curses = importlib.import_module("curses")
    curses.setupterm("xterm-256color", 1)
    check(curses.tigetnum("colors") == 256, "terminal descriptions")
check(os.__file__.startswith(EXPECTED["library"]), f"the snapshot has the standard library, got {os.__file__}")


print(
    json.dumps(
        {
            "python": sys.version.split()[0],
            "openssl": ssl.OPENSSL_VERSION,
            "sqlite": sqlite3.sqlite_version,
            "addons": importlib.machinery.EXTENSION_SUFFIXES,
        }
    )
)
