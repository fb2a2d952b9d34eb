"""
The kit for writing tests, demonstrations and benchmarks: shipped with the product, and what its own tests use.

| module       | what it is                                                                                |
|--------------|-------------------------------------------------------------------------------------------|
| `endpoint`   | a Messages API on 127.0.0.1 that says what a script tells it to, faults included           |
| `script`     | the words of such a script                                                                 |
| `lab`        | a folder as a lab, and the other things that a backend is given                            |
| `clock`      | a clock that only moves when it is told to, or slept on                                    |
| `repository` | a real git repository whose person is Ada, apart from the machine's configuration          |
| `records`    | run records as a run would have left them                                                  |
| `crash`      | SIGKILL at a named point (`loopwright.checkpoints`)                                         |
| `frontdoor`  | the command `loopwright` as a person would run it, in a process of its own                 |
"""
