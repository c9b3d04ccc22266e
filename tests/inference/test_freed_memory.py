import os
import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
from kittiseg.inference.freed_memory import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
def faults():
    blocks = [bytearray(b"1") * (20 << 20) for _ in range(10)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
print(-faults() + faults())
"""


def page_faults(word: str, **environment: str) -> int:
    """Of ten blocks of 20 MiB (5120 pages each) that are filled, after as many were freed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    words = [sys.executable, "-c", SCRIPT, word]
    return int(subprocess.run(words, env={**clean, **environment}, check=True, capture_output=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
def test_freed_memory_is_there_for_the_next_batch() -> None:
    """Hardly a page is asked of the system again; unless the environment says how glibc shall go about it."""
    assert page_faults("keep") < 1000
    assert page_faults("keep", MALLOC_MMAP_THRESHOLD_="65536") > 40_000
    assert page_faults("leave") > 40_000
