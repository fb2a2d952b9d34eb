"""
How fast and how frugal the product is, each figure beside a floor that was measured in the same run.

| module          | what it measures                                                  | floor                |
|-----------------|-------------------------------------------------------------------|----------------------|
| `claim_latency` | seconds from a plan's drop into plans/ to the ref of its claim    | a bare watchdog      |
| `run_overhead`  | a landed one-chunk run beside model, commands and unavoidable git | minimal git sequence |
| `against_mini`  | wall time, bytes sent and memory on a ten-step task               | mini-swe-agent       |
| `landing_rate`  | landings per second by 8 processes on one mainline                | raw moves of a ref   |
| `start_up`      | `loopwright --help`, and what it imports                          | `python -c pass`     |
| `idle_watcher`  | memory and CPU of a watcher that has nothing to do                | a bare watchdog      |
| `classification`| failed commands classified per second, of 1 MB too                | stripping escapes    |
| `gateway_delay` | a request, and the pieces of a stream, through the gateway        | the endpoint itself  |
| `lab_opening`   | opening, one command and closing, for each kind of lab            | a clone; bare walls  |
| `hundred_labs`  | 100 labs, four at once: a commit in each, collected and closed    | git alone            |
| `many_plans`    | plans a minute on 20,000 files, up to 32 at once; what labs hold  | `git worktree add`   |

A benchmark is a module with ABOUT, `take` (does the work, proves that it was done, returns samples) and `judge` (a
pure function from samples to figures, so that a result can be judged again). The rest is shared: `results` (what a
result is), `reading` (the written form and its schema), `places` (repositories, commands, endpoints), `table`
(README.md out of the results).

    python -m benchmarks [NAME...] [--quick] [--results DIR]
"""
