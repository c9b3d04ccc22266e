"""TUNE, without a cluster: what a sweep config says, what can be drawn of its space, and the files of a sweep.

``config`` is the file that users write, ``reading`` reads it with the documents that it names and gives a ``space``,
``searchers`` ask that for trials, ``trials`` writes what became of them.
"""
