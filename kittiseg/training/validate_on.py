"""The settings of a validation on whole pictures, by the windows that users will see."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, MinLen

from kittiseg.config import Doc, load, settings
from kittiseg.errors import ConfigError, Problem
from kittiseg.inference.config import InferenceConfig, SlidingWindowSettings


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
        Doc("an inference config, or the path of its file; mode and batch_size of it count"),
    ]
    every: Annotated[
        int, Ge(1), Doc("checkpoints from one such validation to the next; the last one always has it")
    ] = 1

    def read(self) -> "ValidateOn":
        """With the inference config itself in place of a path, for workers may be on other machines.

        The path of a file of polygons, which that may name, is absolute then: sweeps train in other folders.
        ConfigError where there is no such config, or what is in it is wrong.
        """
        config = self._read()
        if isinstance(config.mode, SlidingWindowSettings) and config.mode.skip is not None:
            config = replace(config, mode=replace(config.mode, skip=config.mode.skip.absolute))
        return replace(self, config=config)

    def _read(self) -> InferenceConfig:
        if isinstance(self.config, InferenceConfig):
            return self.config
        path = Path(self.config)
        if not path.is_file():
            problem = Problem("/validate_on/config", f"no file '{path}'; relative paths begin at {Path.cwd()}")
            raise ConfigError("the training config", [problem])
        return load(InferenceConfig, path)

    @property
    def inference(self) -> InferenceConfig:
        """The inference config, read where it is a path."""
        return self._read()
