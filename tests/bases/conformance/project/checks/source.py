"""Source text: available if public; otherwise modules behave as those without source."""

import ast
import dis
import inspect
import io
import linecache
import os
import tokenize
import traceback

import library
import library.withheld
import public.open_
from checking import PROJECT, check, each

MODULES = {"withheld": library.withheld, "public": public.open_}


def _first(lines):
    return lines[0] if lines else lines


@check
def withheld():
    return _source_of(library.withheld)


@check
def public_text():
    return _source_of(public.open_)


def _source_of(module):
    loader = module.__spec__.loader
    return each(
        module=(lambda: inspect.getsource(module).splitlines()[0],),
        function=(lambda: inspect.getsource(module.add),),
        kind=(lambda: inspect.getsource(module.Kind.method),),
        lines=(lambda: inspect.getsourcelines(module.add)[1],),
        comments=(lambda: inspect.getcomments(module.add),),
        findsource=(lambda: inspect.findsource(module.add)[1],),
        loader=(lambda: _first((loader.get_source(module.__name__) or "").splitlines()),),
        loader_is=(lambda: loader.get_source(module.__name__) is None,),
        loader_data=(lambda: _first(loader.get_data(module.__file__).splitlines()),),
        getline=(linecache.getline, module.__file__, 1),
        getlines=(lambda: len(linecache.getlines(module.__file__)),),
        open=(lambda: open(module.__file__).readline(),),
        tokenize=(lambda: tokenize.open(module.__file__).readline(),),
        parse=(lambda: len(ast.parse(inspect.getsource(module)).body) > 1,),
        access=(lambda: [os.access(module.__file__, mode) for mode in (os.F_OK, os.R_OK, os.W_OK)],),
        stat=(lambda: [os.stat(module.__file__).st_size > 0, oct(os.stat(module.__file__).st_mode)],),
        traceback=(lambda: _traceback(module),),
        stack=(lambda: [(f.name, f.lineno, f.line) for f in _frames(module)],),
    )


@check
def what_needs_no_text():
    found = {}
    for name, module in MODULES.items():
        found[name] = each(
            file=(inspect.getfile, module),
            sourcefile=(inspect.getsourcefile, module),
            function_file=(inspect.getsourcefile, module.add),
            module_of=(lambda m=module: inspect.getmodule(m.add) is m,),
            signature=(lambda m=module: str(inspect.signature(m.add)),),
            doc=(lambda m=module: inspect.getdoc(m.Kind),),
            line=(lambda m=module: m.add.__code__.co_firstlineno,),
            filename=(lambda m=module: m.add.__code__.co_filename,),
            names=(lambda m=module: [f.name for f in _frames(m)],),
            numbers=(lambda m=module: [f.lineno for f in _frames(m)],),
            files=(lambda m=module: [f.filename for f in _frames(m)],),
            dis=(lambda m=module: "BINARY_OP" in _disassembled(m),),
            current=(lambda m=module: m.where(),),
        )
    return found


def _disassembled(module):
    output = io.StringIO()
    dis.dis(module.add, file=output)
    return output.getvalue()


def _traceback(module):
    try:
        module.fail(0)
    except ZeroDivisionError as error:
        lines = traceback.format_exception(type(error), error, error.__traceback__.tb_next)
        return "".join(lines)


def _frames(module):
    try:
        module.fail(0)
    except ZeroDivisionError as error:
        return traceback.extract_tb(error.__traceback__.tb_next)


@check
def data_with_python_in_it():
    return each(
        plugin=(lambda: open(f"{PROJECT}/data/plugins/plugin.py").readline(),),
        readable=(lambda: os.access(f"{PROJECT}/data/plugins/plugin.py", os.R_OK),),
    )
