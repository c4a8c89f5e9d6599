"""Runs inside the base: CPython's regrtest, which writes a line of JSON for each test case.

Usage: base driver.py FOLDER RECORD TEST, where FOLDER holds the package ``test`` and RECORD is written.
The XML report of regrtest omits subtests, so the results are recorded where unittest reports them.
"""

import json
import sys
import types
import unittest


def reporting(result_class, method, outcome, record):
    """Return the method of the result class, extended to record what it reports."""
    original = getattr(result_class, method)

    def report(self, test, *details):
        word, message = outcome, ""
        if method == "addSubTest":
            subtest, error = details
            word = "failed" if error else "passed"
            message = str(error[1]) if error else ""
            result = original(self, test, subtest, error)
            test = subtest
        else:
            if details:
                message = str(details[0][1] if isinstance(details[0], tuple) else details[0])
            result = original(self, test, *details)
        print(json.dumps({"test": test.id(), "outcome": word, "message": message[:400]}), file=record)
        return result

    return report


class WithoutTestLibrary:
    """Makes test files that import ``_ctypes_test`` skip themselves, as those of 3.13 do."""

    @staticmethod
    def find_spec(fullname, path=None, target=None):  # noqa: ARG004 - the protocol's signature
        if fullname == "_ctypes_test":
            raise unittest.SkipTest("No module named '_ctypes_test'")


def prepare(folder, name):
    """Provide what the tests use from modules that bases do not contain."""
    sys.path.insert(0, folder)
    if name == "test_ctypes":
        import ctypes  # noqa: PLC0415

        # In 3.11 these tests are in a package of ctypes, and they expect the library that they call to exist.
        ctypes.__path__.append(f"{folder}/ctypes")
        sys.meta_path.insert(0, WithoutTestLibrary)
    if name == "test_sqlite3":
        # The tests of 3.11 take two limits of C from the test module of the C API.
        limits = types.ModuleType("_testcapi")
        limits.INT_MAX, limits.ULLONG_MAX = 2**31 - 1, 2**64 - 1
        sys.modules["_testcapi"] = limits


def run(record_file, name):
    """Run one test file; end the process with the exit code of regrtest."""
    from test.libregrtest.main import main  # noqa: PLC0415 - on sys.path only now

    try:
        from test.libregrtest.testresult import RegressionTestResult  # noqa: PLC0415 - 3.13
    except ImportError:
        from test.support.testresult import RegressionTestResult  # noqa: PLC0415 - 3.11
    outcomes = {
        "addSuccess": "passed",
        "addError": "failed",
        "addFailure": "failed",
        "addUnexpectedSuccess": "failed",
        "addSkip": "skipped",
        "addExpectedFailure": "passed",
        "addSubTest": "",
    }
    record = open(record_file, "w", encoding="utf-8", buffering=1)  # noqa: SIM115, PTH123 - until the process ends
    for method, outcome in outcomes.items():
        setattr(RegressionTestResult, method, reporting(RegressionTestResult, method, outcome, record))
    sys.argv[1:] = ["--timeout=600", "-v", name]
    main()


if __name__ == "__main__":
    folder, record_file, name = sys.argv[1:]
    prepare(folder, name)
    run(record_file, name)
