"""Runs scripts of this folder, each in a fork of this process: what it imports need not be imported again.

Prints the path of a socket. Whoever connects to it sends a script and its arguments, a JSON array on a line, and is told
what it printed, and how it failed if it did. Ends with its standard input.
"""

import ast
import contextlib
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
import tempfile
import traceback


def prepare(script):
    """Imports what the script will import, but for what lies beside it. No thread may come of that: it would not be in
    the forks."""
    with open(script) as file:
        source = file.read()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    if "torch.optim" in source:
        # Every optimizer does when it is made.
        import torch._dynamo  # noqa: F401


def run(script, arguments):
    """What the script prints, and its last words if it fails."""
    sys.argv = [script, *arguments]
    sys.path.insert(0, os.path.dirname(script))
    said, complaint = io.StringIO(), io.StringIO()
    failed = False
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complaint):
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as end:
            failed = end.code not in (None, 0)
        except BaseException:
            failed = True
            traceback.print_exc()
    return {"said": said.getvalue(), "failure": complaint.getvalue() if failed else None}


def serve(connection):
    script, *arguments = json.loads(connection.makefile().readline())
    prepare(script)
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        connection.sendall(json.dumps(run(script, arguments)).encode())
        os._exit(0)


# Scripts find what is beside them, not what is here.
del sys.path[0]
# No fork is waited for.
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
    path = os.path.join(folder, "socket")
    listener.bind(path)
    listener.listen()
    print(path, flush=True)
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        with connection:
            serve(connection)
