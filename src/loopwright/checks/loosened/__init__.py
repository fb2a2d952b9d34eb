"""What judges a change beside the tests themselves, and how a change can loosen it.

| `suppressions`                | marks in the source that silence a check: noqa, eslint-disable, nolint ...  |
| `configuration`, `settings`   | files that say how strictly is tested, and which of their changes are laxer |
| `commands`                    | what `make test` and `npm test` run                                         |
| `snapshots`                   | outputs that tests compare with                                             |
| `orders`                      | goals, plans and pipelines: what people decide                              |
"""
