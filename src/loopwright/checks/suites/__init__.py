"""What test files hold, read out of their source: one reader per language, one form for all of them.

| `suite`, `expectation`            | the form: cases, and what each insists on         |
| `python`, `python_*`, `hollow`    | Python, by its syntax tree                        |
| `trees`, `javascript`, `go`, ...  | other languages, by tree-sitter grammars          |
| `patterns`                        | all the rest, and whatever a tree can't be had of |
"""
