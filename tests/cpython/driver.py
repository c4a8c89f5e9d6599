"""Runs inside the base: CPython's regrtest, with a line of JSON for each test case.

Usage: base driver.py FOLDER RECORD TEST, where FOLDER holds the package ``test`` and RECORD is written.
regrtest's own XML report leaves out subtests, so the results are taken where unittest reports them.
"""

import json
import sys

folder, record_file, name = sys.argv[1:]
sys.path.insert(0, folder)

from test.libregrtest.main import main  # noqa: E402

try:
    from test.libregrtest.testresult import RegressionTestResult  # 3.13
except ImportError:
    from test.support.testresult import RegressionTestResult  # 3.11

record = open(record_file, "w", encoding="utf-8", buffering=1)  # noqa: SIM115, PTH123 - open until the process ends


def reporting(method, outcome):
    """The method of the result class that also writes down what it is told."""
    original = getattr(RegressionTestResult, method)

    def report(self, test, *details):
        word, message = outcome, ""
        if method == "addSubTest":
            test, error = details
            word = "failed" if error else "passed"
            details = (test, error)
            message = str(error[1]) if error else ""
            result = original(self, test.test_case, *details)
        else:
            if details:
                message = str(details[0][1] if isinstance(details[0], tuple) else details[0])
            result = original(self, test, *details)
        print(json.dumps({"test": test.id(), "outcome": word, "message": message[:400]}), file=record)
        return result

    return report


for method, outcome in {
    "addSuccess": "passed",
    "addError": "failed",
    "addFailure": "failed",
    "addUnexpectedSuccess": "failed",
    "addSkip": "skipped",
    "addExpectedFailure": "passed",
    "addSubTest": "",
}.items():
    setattr(RegressionTestResult, method, reporting(method, outcome))

sys.argv[1:] = ["--timeout=600", "-v", name]
main()
