"""The training config: every field of the JSON that the tutorial uses, and ours, with defaults."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen, MultipleOf

from kittiseg.config import Doc, OneOf, settings
from kittiseg.engine.trackers import TrackerName
from kittiseg.project.geometry import Size
from kittiseg.training.learning_rate import AnySchedule, LrDecreasing, Warmed
from kittiseg.training.losses import AnyLoss, LossWeights
from kittiseg.training.networks import check_network
from kittiseg.training.optimizers import Adam, AnyOptimizer
from kittiseg.training.validate_on import ValidateOn

EVERY_PICTURE = "__all__"

Precision = Literal["auto", "bf16", "fp32"]
SamplesIn = Literal["auto", "device", "memory", "stream"]
Text = Annotated[str, MinLen(1)]
Side = Annotated[int, Ge(16), MultipleOf(16)]


@settings
class DatasetTags:
    train: Annotated[Text, Doc("pictures with this tag are trained on; __all__ takes every picture")] = "train"
    val: Annotated[Text, Doc("pictures with this tag are validated on; __all__ takes every picture")] = "val"


@settings
class BatchSize:
    train: Annotated[int, Ge(1), Doc("pictures in a training step, per device")] = 1
    val: Annotated[int, Ge(1), Doc("pictures in a validation step, per device")] = 1


@settings
class DataWorkers:
    train: Annotated[int, Ge(0), Doc("threads that read training pictures; 0 reads without threads")] = 0
    val: Annotated[int, Ge(0), Doc("threads that read validation pictures; 0 reads without threads")] = 0


@settings
class AllowCorrupted:
    train: Annotated[int, Ge(0), Doc("training pictures that may be unreadable; they are left out")] = 0
    val: Annotated[int, Ge(0), Doc("validation pictures that may be unreadable; they are left out")] = 0


@settings
class SpecialClasses:
    background: Annotated[Text, Doc("the class of pixels that no object covers; made where it is missing")] = "bg"
    neutral: Annotated[Text, Doc("pixels of this class count in no loss and no metric")] = "neutral"

    def __post_init__(self) -> None:
        if self.background == self.neutral:
            raise ValueError(f"background and neutral are both '{self.neutral}'; give them different names")


@settings
class InputSize:
    width: Annotated[Side, Doc("px that every picture is resized to, a multiple of 16")] = 128
    height: Annotated[Side, Doc("px that every picture is resized to, a multiple of 16")] = 128

    def __post_init__(self) -> None:
        if self.width == self.height == 16:
            raise ValueError("16 x 16 leaves one pixel in the middle of the network, too few for batch statistics")

    @property
    def size(self) -> Size:
        return Size(height=self.height, width=self.width)


@settings
class Sampling:
    classes: Annotated[
        tuple[Text, ...], MinLen(1), Doc("titles; pictures with a pixel of any of them are seen more often")
    ]
    share: Annotated[float, Gt(0), Le(1), Doc("of each epoch's pictures that have them at least")]


@settings
class KeepBest:
    best: Annotated[int, Ge(1), Doc("so many checkpoints, the best by best_by, are kept, and the last")]


@settings
class EarlyStopping:
    patience: Annotated[int, Ge(1), Doc("validations without a better score after which the training ends")]
    min_delta: Annotated[float, Ge(0), Doc("a score is better by more than this")] = 0.0


@settings
class TrainConfig:
    """What a training does. The JSON may leave out any field, also inside an object."""

    dataset_tags: Annotated[DatasetTags, Doc("which pictures are for what")] = DatasetTags()
    batch_size: Annotated[BatchSize, Doc("pictures a step, per device")] = BatchSize()
    data_workers: Annotated[DataWorkers, Doc("threads that read pictures")] = DataWorkers()
    allow_corrupted_samples: Annotated[AllowCorrupted, Doc("unreadable pictures to put up with")] = AllowCorrupted()
    special_classes: Annotated[SpecialClasses, Doc("classes that are no objects")] = SpecialClasses()
    input_size: Annotated[InputSize, Doc("what pictures are resized to")] = InputSize()
    epochs: Annotated[int, Ge(1), Doc("times that every training picture is seen")] = 2
    val_every: Annotated[float, Gt(0), Doc("epochs from one validation and checkpoint to the next")] = 0.5
    lr: Annotated[float, Gt(0), Doc("learning rate")] = 0.1
    optimizer: Annotated[Annotated[AnyOptimizer, OneOf("name")], Doc("name and settings")] = Adam()
    momentum: Annotated[float, Gt(0), Doc("accepted and unused, as in 2018: an optimizer has its own")] = 0.9
    lr_decreasing: Annotated[LrDecreasing, Doc("when and how the rate falls where schedule is null")] = LrDecreasing()
    schedule: Annotated[
        Annotated[AnySchedule, OneOf("name")] | None,
        Doc("name and settings; null: as in 2018, constant until lr_decreasing, and the optimizer begins anew then"),
    ] = None
    loss_weights: Annotated[LossWeights, Doc("the parts of the loss of two classes where loss is null")] = LossWeights()
    loss: Annotated[
        Annotated[AnyLoss, OneOf("name")] | None,
        Doc("name and settings; null: bce_dice with loss_weights for two classes, else ce"),
    ] = None
    class_weights: Annotated[
        Literal["balanced"] | Mapping[str, Annotated[float, Gt(0)]] | None,
        Doc("by title, 1 where it is not named; balanced: from the training pictures' pixels; null: equal"),
    ] = None
    weights_init_type: Annotated[
        Literal["transfer_learning", "continue_training", "random"],
        Doc("all weights but the last layer's from --init or ImageNet; all of a model's; or none"),
    ] = "transfer_learning"
    validate_with_model_eval: Annotated[bool, Doc("validate with the running batch statistics")] = True
    validate_on: Annotated[
        ValidateOn | None, Doc("whole pictures that are validated on too, by the windows of an inference config")
    ] = None
    best_by: Annotated[
        Text, Doc("which checkpoint is best: loss, mean_iou, iou/<class>, whole/mean_iou or whole/iou/<class>")
    ] = "loss"
    keep: Annotated[
        Literal["all"] | KeepBest,
        Doc("all checkpoints, the newest two with the optimizer; or the best and the last, all with it"),
    ] = "all"
    early_stopping: Annotated[
        EarlyStopping | None, Doc("ends the training where best_by no longer gets better; null: after all epochs")
    ] = None
    gpu_devices: Annotated[
        tuple[Annotated[int, Ge(0)], ...], MinLen(1), Doc("devices; a batch has batch_size pictures for each")
    ] = (0,)
    accumulate: Annotated[
        int, Ge(1), Doc("parts in which a device's batch_size.train pictures are computed: less memory, the same batch")
    ] = 1
    ema: Annotated[
        Annotated[float, Gt(0), Lt(1)] | None,
        Doc("decay of a moving average of the weights, which is what is validated and kept; null: the weights as such"),
    ] = None
    clip_gradients: Annotated[
        Annotated[float, Gt(0)] | None, Doc("the most that the norm of all gradients together may be; null: no limit")
    ] = None
    freeze_encoder: Annotated[float, Ge(0), Doc("epochs in which the weights of the encoder stay what they were")] = 0.0
    sampling: Annotated[
        Sampling | None, Doc("classes whose pictures are seen more often than others; null: each picture once an epoch")
    ] = None
    seed: Annotated[int, Ge(0), Doc("first weights and order of pictures follow from it")] = 0
    precision: Annotated[Precision, Doc("bf16, fp32, or auto: bf16 where the hardware computes it")] = "auto"
    samples_in: Annotated[
        SamplesIn,
        Doc("where resized pictures lie: on the device, in the host's memory, or on disk; auto: where they fit"),
    ] = "auto"
    sync_batchnorm: Annotated[bool, Doc("normalise by the statistics of the whole batch, not of each part")] = False
    compile: Annotated[bool, Doc("compile the network by torch.compile, which takes a minute at first")] = False
    width: Annotated[float, Gt(0), Le(8), Doc("multiplies the network's channels")] = 1.0
    network: Annotated[str, Doc("unetv2, lightunet, or smp:<architecture>/<encoder>[/<its weights>]")] = "unetv2"
    trackers: Annotated[
        tuple[TrackerName, ...],
        Doc("who is told loss and metrics: tensorboard (files in the model's folder), mlflow, wandb"),
    ] = ("tensorboard",)
    devices: Annotated[str, Doc("exact: all gpu_devices; auto: those there are; cpu, cpu:2: CPU workers")] = "exact"

    def __post_init__(self) -> None:
        if len(set(self.gpu_devices)) < len(self.gpu_devices):
            raise ValueError(f"gpu_devices names a device twice: {list(self.gpu_devices)}")
        if self.accumulate > self.batch_size.train:
            raise ValueError(
                f"accumulate is {self.accumulate} and batch_size.train {self.batch_size.train}, which leaves parts "
                "without a picture; make accumulate smaller"
            )
        if self.accumulate > 1 and self.sync_batchnorm:
            raise ValueError(
                f"accumulate is {self.accumulate}, but sync_batchnorm computes all of a worker's pictures at once; "
                "leave out one of them"
            )
        if isinstance(self.schedule, Warmed) and self.schedule.warmup_epochs >= self.epochs:
            raise ValueError(
                f"schedule warms up for {self.schedule.warmup_epochs:g} of {self.epochs} epochs; shorten it"
            )
        if len(set(self.trackers)) < len(self.trackers):
            raise ValueError(f"trackers names one twice: {list(self.trackers)}")
        check_network(self.network, self.width)
        if not re.fullmatch(r"exact|auto|cpu(:[1-9][0-9]*)?", self.devices):
            raise ValueError(f"devices is '{self.devices}'; wanted exact, auto, cpu, or cpu:N for N CPU workers")
