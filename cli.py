"""The command line of replica in a source checkout: ``python cli.py --help``.

The same door as the installed command ``replica`` and as ``python -m replica``; the commands live in
:mod:`phase_diagrams.commands`.
"""

import sys

from phase_diagrams.commands import main

if __name__ == "__main__":
    sys.exit(main())
