"""The effects of the interpreter options in the image, in this process and in those that it starts."""

import ast
import faulthandler
import multiprocessing
import subprocess
import sys
import tracemalloc


def effects():
    """Return everything that an option affects."""
    flags = {name: getattr(sys.flags, name) for name in sys.flags.__match_args__}
    code = compile("x", "x", "exec")
    return {
        "flags": flags,
        "warnoptions": sys.warnoptions,
        "xoptions": sys._xoptions,
        "unbuffered": sys.stdout.write_through,
        "faulthandler": faulthandler.is_enabled(),
        "tracemalloc": tracemalloc.get_traceback_limit() if tracemalloc.is_tracing() else 0,
        "digits": sys.get_int_max_str_digits(),
        "columns": next(iter(code.co_positions()))[3] is not None,
    }


def main():
    """Print them, and any difference in a child."""
    here = effects()
    print(here)
    flags = subprocess._args_from_interpreter_flags()
    for more in ([], flags):
        command = "import options; print(options.effects())"
        done = subprocess.run([sys.executable, *more, "-c", command], stdout=subprocess.PIPE, text=True, check=True)
        there = ast.literal_eval(done.stdout)
        if there != here:
            print("subprocess", more, there)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(effects)
        if there != here:
            print("multiprocessing", there)


if __name__ == "__main__":
    main()
