"""Prints all cases for one side as one line of JSON; suite.ts has them played."""

import json

import characters  # noqa: F401
import control  # noqa: F401
import deflate  # noqa: F401
import fragmentation  # noqa: F401
import framing  # noqa: F401
import leaving  # noqa: F401
import limits  # noqa: F401
from frames import cases

print(json.dumps(cases))
