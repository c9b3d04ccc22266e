"""``kittiseg transform`` as the entry point of a job."""

from entry import stage

stage("transform")
