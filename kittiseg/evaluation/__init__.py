"""EVALUATE: how well a project of predictions agrees with a project of truth. Counts add up; ratios are formed last."""
