"""The benchmarks by name, in the order in which they are run."""

from __future__ import annotations

from benchmarks import (
    against_mini,
    claim_latency,
    classification,
    drift_guard,
    gateway_delay,
    growing,
    hundred_labs,
    idle_watcher,
    incident_opening,
    lab_opening,
    landing_rate,
    many_plans,
    queued_landings,
    run_overhead,
    start_up,
    whole_drill,
)
from benchmarks.results import Benchmark

ALL: dict[str, Benchmark] = {
    "claim_latency": claim_latency,
    "run_overhead": run_overhead,
    "against_mini": against_mini,
    "landing_rate": landing_rate,
    "queued_landings": queued_landings,
    "growing": growing,
    "start_up": start_up,
    "idle_watcher": idle_watcher,
    "classification": classification,
    "drift_guard": drift_guard,
    "incident_opening": incident_opening,
    "whole_drill": whole_drill,
    "lab_opening": lab_opening,
    "hundred_labs": hundred_labs,
    "many_plans": many_plans,
    "gateway_delay": gateway_delay,
}
