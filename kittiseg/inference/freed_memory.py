"""What becomes of memory that a network's tensors have left, on a CPU."""

import ctypes
import os
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # of mallopt(3)
_LARGEST = 32 << 20  # what glibc takes from its heap at most; larger blocks are mapped for themselves in any case


def keep_freed_memory() -> None:
    """Has this process keep what it frees, for the next batch.

    Else glibc gives the end of its heap back to the system after each one, and the next is mapped and zeroed anew, page
    by page: a fifth to a quarter of a training step on two cores. Who has set glibc's ``MALLOC_...`` variables keeps
    what they say; other C libraries have no such knob.
    """
    if sys.platform != "linux" or any(name.startswith("MALLOC_") for name in os.environ):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_TOP_PAD, 2 * _LARGEST)
