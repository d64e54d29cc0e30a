"""``python -m replica``: the same door as the installed command ``replica``."""

import sys

from phase_diagrams.commands import main

if __name__ == "__main__":
    sys.exit(main())
