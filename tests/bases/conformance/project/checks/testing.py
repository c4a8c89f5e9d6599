"""unittest, doctest, pdb, traceback, pickle and similar modules on packaged modules."""

import bdb
import contextlib
import copy
import doctest
import importlib
import io
import os
import pdb
import pickle
import pydoc
import re
import shelve
import sys
import traceback
import unittest
import warnings

import library.withheld
from checking import DATA, PROJECT, check, each, outcome, scratch


def _ran(suite):
    result = unittest.TestResult()
    suite.run(result)
    failed = [
        [test.id(), re.sub(r"\n    .*", "", text).splitlines()[-1]] for test, text in result.failures + result.errors
    ]
    return [result.testsRun, failed, len(result.skipped)]


def _names(suite):
    if isinstance(suite, unittest.TestSuite):
        return sorted(name for item in suite for name in _names(item))
    return [suite.id()]


def _discovered(*arguments):
    before, modules = list(sys.path), set(sys.modules)
    try:
        suite = unittest.TestLoader().discover(*arguments)
        return [_names(suite), _ran(suite)]
    finally:
        sys.path[:] = before
        for name in set(sys.modules) - modules:
            del sys.modules[name]


@check
def discovery():
    return each(
        folder=(_discovered, f"{PROJECT}/tests"),
        pattern=(_discovered, f"{PROJECT}/tests", "test_s*.py"),
        package=(_discovered, "suite"),
        package_by_folder=(_discovered, f"{PROJECT}/suite", "test*.py", PROJECT),
        missing=(_discovered, f"{PROJECT}/none"),
        names=(lambda: _names(unittest.TestLoader().loadTestsFromName("suite.test_package"))),
        nothing=(_discovered, f"{DATA}/plain"),
    )


def _tested(function, *arguments, **options):
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        counts = list(function(*arguments, **options))
    return [counts, output.getvalue()]


@check
def doctests():
    finder = doctest.DocTestFinder()
    return each(
        module=(_tested, doctest.testmod, library.withheld),
        file=(lambda: _tested(doctest.testfile, f"{DATA}/text/session.txt", module_relative=False),),
        relative=(lambda: _tested(doctest.testfile, "data/session.txt", package="library"),),
        found=(lambda: sorted(test.name for test in finder.find(library.withheld)),),
        suite=(lambda: _ran(doctest.DocTestSuite(library.withheld)),),
    )


@check
def doctest_lines():
    return sorted((test.name, test.lineno) for test in doctest.DocTestFinder().find(library.withheld))


def _debugged(*commands, function=None):
    output = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO("\n".join([*commands, ""])), stdout=output, readrc=False, nosigint=True)
    debugger.use_rawinput = False
    debugger.prompt = ""
    try:
        debugger.runcall(function or library.withheld.add, 1, 2)
    except bdb.BdbQuit:
        pass
    return output.getvalue()


@check
def debugging():
    places = re.findall(r"> (\S+)\((\d+)\)(\w+)\(\)", _debugged("step", "step", "continue"))
    return {
        "places": places,
        "values": [
            line
            for line in _debugged("p one + two", "args", "continue").splitlines()
            if not line.startswith((">", "->"))
        ],
        "where": re.findall(r"withheld\.py\((\d+)\)(\w+)\(\)", _debugged("where", "continue")),
    }


@check
def debugging_with_text():
    return each(
        shown=(_debugged, "step", "continue"),
        list=(_debugged, "list", "continue"),
        break_on_a_line=(lambda: _debugged(f"break {library.withheld.__file__}:1", "continue"),),
        break_on_a_function=(lambda: _debugged("break library.withheld.add", "continue"),),
    )


@check
def pickling():
    kind = library.withheld.Kind("a")
    found = {}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        found[f"protocol {protocol}"] = pickle.loads(pickle.dumps(kind, protocol)).name
    found |= each(
        function=(lambda: pickle.loads(pickle.dumps(library.withheld.add)) is library.withheld.add,),
        copied=(lambda: copy.deepcopy(kind).name,),
        packaged=(lambda: pickle.load(open(f"{DATA}/plain/object.pickle", "rb")),),
        missing=(lambda: pickle.loads(b"clibrary.none\nx\n."),),
        missing_name=(lambda: pickle.loads(b"clibrary.withheld\nnone\n."),),
    )
    with shelve.open(scratch("shelf")) as shelf:
        shelf["kind"] = kind
    with shelve.open(scratch("shelf")) as shelf:
        found["shelf"] = shelf["kind"].name
    return found


@check
def tracebacks():
    try:
        library.withheld.fail(0)
    except ZeroDivisionError:
        text = traceback.format_exc()
    return re.findall(r'File "([^"]+)", line (\d+), in (\w+)', text)[-2:]


@check
def warning_places():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        library.withheld.warn()
    return [[str(item.message), item.filename, item.lineno] for item in seen]


@check
def documentation():
    return each(
        render=(lambda: pydoc.plain(pydoc.render_doc(library.withheld.Kind)).splitlines()[:8],),
        locate=(lambda: pydoc.locate("library.withheld.Kind").__name__,),
        help=(lambda: len(pydoc.plain(pydoc.render_doc("library"))) > 100,),
        missing=(lambda: outcome(pydoc.render_doc, "none"),),
    )


@check
def modules_of_the_standard_library():
    names = (
        "this_is_none",
        "antigravity.none",
        "xml.etree.ElementTree",
        "concurrent.futures",
        "asyncio",
        "curses.ascii",
    )
    return {name: outcome(lambda name=name: importlib.import_module(name).__name__) for name in names}


@check
def environment():
    return [os.path.basename(sys.modules["__main__"].__file__), __name__, sys.modules["__main__"].__package__]
