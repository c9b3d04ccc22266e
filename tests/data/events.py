"""Reads TensorBoard's event files: TFRecords (length, its checksum, an Event, its checksum)."""

import struct
from pathlib import Path

from tensorboardX.proto.event_pb2 import Event


def read_events(folder: Path) -> list[Event]:
    """Of all files in the folder, in the order in which TensorBoard reads them."""
    events = []
    for path in sorted(folder.glob("events.out.tfevents.*")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            (length,) = struct.unpack_from("<Q", data, at)
            events.append(Event.FromString(data[at + 12 : at + 12 + length]))
            at += 12 + length + 4
    return events


def read_scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Step and value, by name."""
    found: dict[str, list[tuple[int, float]]] = {}
    for event in read_events(folder):
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def steps_of(folder: Path, name: str) -> list[int]:
    return [step for step, _ in read_scalars(folder)[name]]
