"""The whole tutorial as one job: import, query, training, prediction, evaluation, report.

``python jobs/tutorial.py -w s3://bucket/tutorial`` on scenes that are drawn for it; with ``--data FOLDER`` on the KITTI
benchmark, whose folder the cluster must see. Without ``-w``, everything stays in ``$KITTISEG_WORKSPACE``.
"""

import os
import sys
from itertools import pairwise

from entry import split, stage

before, after = split(sys.argv[1:])
places = [place for name, place in pairwise(before) if name in ("-w", "--workspace")]
places += filter(None, [os.environ.get("KITTISEG_WORKSPACE")])
stage("demo", [*before, *after, *(["--keep", places[0]] if places else [])])
