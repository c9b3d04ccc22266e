"""``kittiseg tune`` as the entry point of a job."""

from entry import stage

stage("tune")
