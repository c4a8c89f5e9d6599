"""The packaged program: CPython's regrtest, which writes a line of JSON for each test case.

Usage: program --record FILE [REGRTEST-OPTION...] TEST
       program --list

The XML report of regrtest omits subtests, so the results are recorded where unittest reports them.
"""

import json
import sys
import types
import unittest
from pathlib import Path

# The folder of the project, which holds the package `test`, and `library`: what 3.11 keeps of its tests elsewhere.
PROJECT = Path(__file__).parent
OUTCOMES = {
    "startTest": "started",
    "addSuccess": "passed",
    "addError": "failed",
    "addFailure": "failed",
    "addUnexpectedSuccess": "failed",
    "addSkip": "skipped",
    "addExpectedFailure": "passed",
    "addSubTest": "",
}


def reporting(result_class, method, outcome, record):
    """Return the method of the result class, extended to record what it reports."""
    original = getattr(result_class, method)

    def report(self, test, *details):
        word, message = outcome, ""
        if method == "addSubTest":
            subtest, error = details
            word = "failed" if error else "passed"
            message = describe(error) if error else ""
            result = original(self, test, subtest, error)
            test = subtest
        else:
            if details:
                message = describe(details[0])
            result = original(self, test, *details)
        print(json.dumps({"test": identity(test), "outcome": word, "message": shortened(message)}), file=record)
        return result

    return report


def identity(test):
    """Return the name of a test case, without the parameters of a subtest that cannot be printed."""
    try:
        # Not of the instance: some tests keep something else under that name.
        return type(test).id(test)
    except (TypeError, ValueError):  # a subtest of such a test; an integer with too many digits
        return identity(test.test_case)


def shortened(text):
    """Return the beginning and the end of a message: what a child process printed is at the end."""
    return text if len(text) <= 800 else f"{text[:400]} [...] {text[-400:]}"


def describe(detail):
    """Return the reason of a skip, or type and text of an error."""
    if not isinstance(detail, tuple):
        return str(detail)
    kind, error, _ = detail
    return f"{getattr(kind, '__name__', kind)}: {error}"


class WithoutTestLibrary:
    """Makes test files that import ``_ctypes_test`` skip themselves, as those of 3.13 do."""

    @staticmethod
    def find_spec(fullname, path=None, target=None):  # noqa: ARG004 - the protocol's signature
        if fullname == "_ctypes_test":
            raise unittest.SkipTest("No module named '_ctypes_test'")


def prepare_311(name):
    """Provide what the tests of 3.11 use from modules that bases do not contain."""
    if name == "test_ctypes":
        import ctypes  # noqa: PLC0415

        # These tests are in a package of ctypes, and they expect the library that they call to exist.
        ctypes.__path__.append(str(PROJECT / "library" / "ctypes"))
        sys.meta_path.insert(0, WithoutTestLibrary)
    if name == "test_sqlite3":
        # These tests take two limits of C from the test module of the C API.
        limits = types.ModuleType("_testcapi")
        limits.INT_MAX, limits.ULLONG_MAX = 2**31 - 1, 2**64 - 1
        sys.modules["_testcapi"] = limits


def run(record_file, arguments):
    """Run regrtest; it ends the process."""
    from test.libregrtest.main import main  # noqa: PLC0415 - after 3.11 is prepared

    try:
        from test.libregrtest.testresult import RegressionTestResult  # noqa: PLC0415 - 3.13
    except ImportError:
        from test.support.testresult import RegressionTestResult  # noqa: PLC0415 - 3.11
    record = open(record_file, "w", encoding="utf-8", buffering=1)  # noqa: SIM115, PTH123 - until the process ends
    for method, outcome in OUTCOMES.items():
        setattr(RegressionTestResult, method, reporting(RegressionTestResult, method, outcome, record))
    sys.argv[1:] = arguments
    main()


def follow(arguments):
    """Do what the command line says; anything else ends with exit code 2."""
    if arguments == ["--list"]:
        from test.libregrtest.main import main  # noqa: PLC0415 - most processes do not list

        sys.argv[1:] = ["--list-tests"]
        main()
    elif arguments[:1] == ["--record"] and len(arguments) > 2:
        if sys.version_info < (3, 12):
            prepare_311(arguments[-1])
        run(arguments[1], arguments[2:])
    else:
        # Tests start sys.executable in ways that stand for the program, not the interpreter: docs/processes.md.
        sys.exit(f"This is the program, not the interpreter; its arguments: {arguments}")


if __name__ == "__main__":
    follow(sys.argv[1:])
