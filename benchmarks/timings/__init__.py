"""Benchmarks that asv follows from commit to commit; the scripts beside this folder print tables for one."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the scripts, whose jobs are timed here
