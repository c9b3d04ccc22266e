"""TRAIN: tagged pictures become a model with a checkpoint per ``val_every`` epochs (torch).

``prepare`` makes the model's folder and gives a ``TrainJob``; ``loop.train_loop`` is what every worker of a group runs.
``sources`` says where the pictures come from, ``samples`` reads them, ``epochs`` reads those of the next one ahead.
"""
