"""
The command line: one module per command, each a thin door to `workflow` or to a running Takeback.

`main` is the table of commands, `run` turns whatever happens into words and an exit code, `terminal` is
the only way to stdout and stderr. A command's module is loaded when it is called, not before.
"""
