"""The settings of a validation on whole pictures, by the windows that users will see."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, MinLen

from kittiseg.config import Doc, load, settings
from kittiseg.errors import ConfigError, Problem
from kittiseg.inference.config import InferenceConfig


@settings
class ValidateOn:
    """Which whole pictures a model is validated on beside the crops, how, and how often."""

    project: Annotated[str, MinLen(1), Doc("a project of the workspace, of whole pictures with masks")]
    tag: Annotated[Annotated[str, MinLen(1)] | None, Doc("only its pictures with this tag; null: all of them")] = None
    classes_mapping: Annotated[
        Literal["default"] | Mapping[str, str],
        Doc("what the masks' classes are called by the model, as in a query's data layer; default: the same"),
    ] = "default"
    config: Annotated[
        InferenceConfig | Annotated[str, MinLen(1)],
        Doc("an inference config, or the path of its file; mode, but for its skip, and batch_size of it count"),
    ]
    every: Annotated[
        int, Ge(1), Doc("checkpoints from one such validation to the next; the last one always has it")
    ] = 1

    def read(self) -> "ValidateOn":
        """With the inference config itself in place of a path, for workers may be on other machines.

        ConfigError where there is no such file, or what is in it is wrong.
        """
        if isinstance(self.config, InferenceConfig):
            return self
        path = Path(self.config)
        if not path.is_file():
            problem = Problem("/validate_on/config", f"no file '{path}'; relative paths begin at {Path.cwd()}")
            raise ConfigError("the training config", [problem])
        return replace(self, config=load(InferenceConfig, path))

    @property
    def inference(self) -> InferenceConfig:
        """The inference config, read where it is a path."""
        config = self.read().config
        assert isinstance(config, InferenceConfig)
        return config
