"""PREDICT: pictures of any size through a network of fixed input size, and its scores back onto the pictures.

``forward`` is any function from windows to class scores; only ``network`` knows torch.
"""
