"""``kittiseg train`` as the entry point of a job."""

from entry import stage

stage("train")
