"""Things that can be checked: each looks at a change and answers with evidence. None mends anything.

| guards (pure, over the change)                   | `guards.standard`, `guards.documenting` |
| a command in the lab                             | `gates.GateCheck`                       |
| a judging role's report                          | `judged.verdict`                        |
| the mainline's own tests, laid over a candidate  | `record.overlay`                        |
| failing tests out of a command's output          | `diagnostics.failures`                  |
"""
