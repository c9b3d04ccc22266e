"""The stages, in the order in which data flows. Start reading here: this is the only place that connects the parts.

import -> stats -> transform -> train or tune -> checkpoints, restore, calibrate -> predict -> evaluate -> report

Every stage is one function that takes a :class:`Run` first: the workspace, the engine, the seed, and who is told.
"""

from kittiseg.pipeline.calibrating import Calibrated, CalibrateOptions, calibrate
from kittiseg.pipeline.describing import list_trials, list_workspace, statistics
from kittiseg.pipeline.drawing import draw_query, preview
from kittiseg.pipeline.evaluating import evaluate
from kittiseg.pipeline.importing import Imported, import_pictures
from kittiseg.pipeline.lineage import Lineage, lineage_of, redo
from kittiseg.pipeline.predicting import Predicted, predict
from kittiseg.pipeline.prediction_job import PredictOptions
from kittiseg.pipeline.prediction_plan import PredictionPlan, plan_predict
from kittiseg.pipeline.reporting import report
from kittiseg.pipeline.run import Run
from kittiseg.pipeline.schemas import schema, write_schema
from kittiseg.pipeline.sweep_request import TuneOptions
from kittiseg.pipeline.training import TrainOptions, list_checkpoints, restore_checkpoint, train
from kittiseg.pipeline.transforming import Transformed, plan_transform, transform
from kittiseg.pipeline.tuning import tune
from kittiseg.pipeline.tuning_plan import SweepPlan, plan_tune
from kittiseg.pipeline.windowing import WindowsOptions, WindowsShown, show_windows

__all__ = [
    "CalibrateOptions",
    "Calibrated",
    "Imported",
    "Lineage",
    "PredictOptions",
    "Predicted",
    "PredictionPlan",
    "Run",
    "SweepPlan",
    "TrainOptions",
    "Transformed",
    "TuneOptions",
    "WindowsOptions",
    "WindowsShown",
    "calibrate",
    "draw_query",
    "evaluate",
    "import_pictures",
    "lineage_of",
    "list_checkpoints",
    "list_trials",
    "list_workspace",
    "plan_predict",
    "plan_transform",
    "plan_tune",
    "predict",
    "preview",
    "redo",
    "report",
    "restore_checkpoint",
    "schema",
    "show_windows",
    "statistics",
    "train",
    "transform",
    "tune",
    "write_schema",
]
