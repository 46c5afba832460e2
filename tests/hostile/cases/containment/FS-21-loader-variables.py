# id: FS-21
# about: sets every variable of loaders and runtimes and executes itself: nobody else reads them
# expect: AC
# tier: quick
import os, sys
if len(sys.argv) > 1:
    print("ok")
else:
    for name in ("LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "GCONV_PATH", "MALLOC_TRACE", "PYTHONSTARTUP", "NODE_OPTIONS",
                 "JAVA_TOOL_OPTIONS", "BASH_ENV", "LOCPATH", "TMPDIR", "HOME", "IFS"):
        os.environ[name] = "/box/nothing"
    os.execv("/usr/bin/python3", ["python3", "-s", "-E", "main.py", "again"])
