"""TRAIN: a project of tagged pictures becomes a model with a checkpoint per ``val_every`` epochs (torch).

``prepare`` makes the model's folder and gives a ``TrainJob``; ``loop.train_loop`` is what every worker of a group runs.
"""
