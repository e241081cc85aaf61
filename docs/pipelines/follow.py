#!/usr/bin/env python3
"""Follows a command of Lionize by its JSON, and ends with its exit code:

    python3 follow.py build lion --input installer=InstallESD.dmg --output lion.img
"""

import json
import os
import subprocess
import sys

command = [os.environ.get("LIONIZE", "lionize"), "--json", *sys.argv[1:]]
run = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
result, total = None, 0
for line in run.stdout:
    told = json.loads(line)
    if "result" in told:
        result = told  # the last line
    elif told.get("event") == "started":
        total = told["total"]
        print(told["stage"], told["what"])
    elif told.get("event") == "advanced" and total:
        print(f"  {100 * told['done'] // total} %")
    elif told.get("event") == "warned":
        print("warning:", told["text"])
code = run.wait()
if result is None:
    sys.exit(f"lionize was killed: {code}")
if result["result"] == "failed":
    print("failed:", result["error"], *result["causes"], sep="\n  ")
else:
    print(result["result"], result.get("output", ""), result.get("plan", ""))
sys.exit(code)
